import AdapterKit
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Signing
import Testing

@testable import MockGateways

@Suite("When the bank acts and answers, on a clock that is moved by hand")
struct TimingTests {
    private let bank = Bank(face: BankHMACFace(tenant: BankClient.tenant, keys: [BankClient.key]), now: { BankClient.now })

    /// A connection on which one charge has just come.
    private func connection(wishing name: String) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: ExchangeHandler(bank: bank))
        try channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let body =
            #"{"reference":"pay_1","amount":1000,"currency":"BRL","capture":true,"method":{"type":"card"},"description":"mock:\#(name)"}"#
        try channel.writeInbound(try request(Array(body.utf8)))
        return channel
    }

    private func request(_ body: [UInt8]) throws -> CollectedRequest {
        let timestamp = BankClient.now.rfc3339WholeSeconds
        let signed = HMACV1.Request(
            method: "POST", target: "/v1/charges", body: body, tenant: BankClient.tenant, idempotencyKey: "pay_1",
            timestamp: timestamp)
        let headers: HTTPHeaders = [
            "X-Tenant-Id": BankClient.tenant, "X-Key-Id": BankClient.key.id, "X-Timestamp": timestamp,
            "X-Request-Id": BankClient.requestID, "Idempotency-Key": "pay_1",
            "X-Signature": try HMACV1.signature(of: signed, with: BankClient.key.secret),
        ]
        return CollectedRequest(
            head: HTTPRequestHead(version: .http1_1, method: .POST, uri: "/v1/charges", headers: headers), body: body)
    }

    private var hasActed: Bool { bank.update { $0.ledger.moneyMovements } == 1 }

    /// The parts that have been sent since this was last asked.
    private func sent(_ channel: EmbeddedChannel) throws -> [HTTPServerResponsePart] {
        var parts: [HTTPServerResponsePart] = []
        while let part = try channel.readOutbound(as: HTTPServerResponsePart.self) { parts.append(part) }
        return parts
    }

    @Test("slow_before waits, then acts and answers")
    func slowBefore() throws {
        let channel = try connection(wishing: "slow_before=2000")
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1999))
        #expect(!hasActed)
        #expect(try sent(channel).isEmpty)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(hasActed)
        #expect(try sent(channel).last == .end(nil))
    }

    @Test("slow_before acts although the caller has left")
    func slowBeforeAlone() throws {
        let channel = try connection(wishing: "slow_before=2000")
        try channel.close().wait()
        #expect(!hasActed)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(2000))
        #expect(hasActed)
    }

    @Test("slow_after acts at once and answers late")
    func slowAfter() throws {
        let channel = try connection(wishing: "slow_after=2000")
        #expect(hasActed)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1999))
        #expect(try sent(channel).isEmpty)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(try sent(channel).last == .end(nil))
    }

    @Test("hang neither acts nor answers nor closes, however long one waits")
    func hang() throws {
        let channel = try connection(wishing: "hang")
        channel.embeddedEventLoop.advanceTime(by: .hours(24))
        #expect(!hasActed)
        #expect(try sent(channel).isEmpty)
        #expect(channel.isActive)
    }

    @Test("drip sends one byte a second, then ends the answer")
    func drip() throws {
        let channel = try connection(wishing: "drip")
        #expect(hasActed)
        let begun = try sent(channel)
        guard case .head(let head) = begun.first else { throw Unexpected.noHead }
        let length = try #require(head.headers["Content-Length"].first.flatMap { Int($0) })
        #expect(begun.count == 2)
        for _ in 1..<length {
            channel.embeddedEventLoop.advanceTime(by: .seconds(1))
            let parts = try sent(channel)
            guard case .body(let bytes) = parts.first else { throw Unexpected.noBody }
            #expect(parts.count == 1)
            #expect(bytes.readableBytes == 1)
        }
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(try sent(channel) == [.end(nil)])
    }

    @Test("drip stops when the caller leaves")
    func dripAlone() throws {
        let channel = try connection(wishing: "drip")
        _ = try sent(channel)
        try channel.close().wait()
        channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        #expect(try sent(channel).isEmpty)
    }

    @Test("a second request before the first is answered ends the connection, unserved")
    func pipelined() throws {
        let channel = try connection(wishing: "hang")
        try channel.writeInbound(try request(Array("{}".utf8)))
        #expect(!channel.isActive)
        #expect(bank.update { $0.counters[.charge] } == 1)
    }

    private enum Unexpected: Error { case noHead, noBody }
}
