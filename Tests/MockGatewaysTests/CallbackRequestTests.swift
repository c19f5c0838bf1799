import AdapterKit
import MockGateways
import Signing
import Testing

@Suite("A callback signs itself")
struct CallbackRequestTests {
    /// The last row of the table in protocols/bank-hmac.md, "Test vectors".
    private static let vector = CallbackRequest(
        eventID: "evt_1", nonce: "n0nce-0123456789", timestamp: BankClient.now,
        key: SigningKey(id: "cb-1", secret: Secret(text: "k3y-for-tests-only")), target: "/callbacks/bank-a",
        body: Array(#"{"event_id":"evt_1"}"#.utf8))

    @Test("as the protocol's vector says")
    func protocolVector() throws {
        #expect(try Self.vector.signature() == "v1=zn7V9gQrAdpC+YPrrqg631BNK/BQgX7weglUx26UlHo=")
    }

    @Test("with the protocol's header fields, each once")
    func headers() throws {
        let headers = try Self.vector.headers()
        #expect(
            headers.map(\.name) == ["Content-Type", "X-Key-Id", "X-Timestamp", "X-Nonce", "X-Event-Id", "X-Signature"])
        #expect(
            headers.map(\.value) == [
                "application/json", "cb-1", "2026-01-02T03:04:05Z", "n0nce-0123456789", "evt_1",
                "v1=zn7V9gQrAdpC+YPrrqg631BNK/BQgX7weglUx26UlHo=",
            ])
    }

    @Test(
        "over every part",
        arguments: [
            \CallbackRequest.eventID, \.nonce, \.target,
        ] as [any WritableKeyPath<CallbackRequest, String> & Sendable])
    func covers(part: any WritableKeyPath<CallbackRequest, String> & Sendable) throws {
        var other = Self.vector
        other[keyPath: part] += "x"
        #expect(try other.signature() != Self.vector.signature())
    }

    @Test("over the time, the body and with the secret")
    func coversTheRest() throws {
        var requests = [Self.vector, Self.vector, Self.vector, Self.vector]
        requests[1].timestamp = BankClient.now + .seconds(1)
        requests[2].body[0] = UInt8(ascii: "[")
        requests[3].key = SigningKey(id: "cb-1", secret: Secret(text: "another"))
        #expect(Set(try requests.map { try $0.signature() }).count == 4)
    }

    @Test("unless a part would break the canonical string", arguments: ["a\nb", "a\u{0}", "é"])
    func unsignable(text: String) async throws {
        var request = Self.vector
        request.eventID = text
        #expect(throws: CanonicalFailure.valueHoldsControlCharacter) { try request.headers() }
        let receiver = try await CallbackReceiver.start()
        let client = try CallbackClient(url: try CallingBank.destination(receiver.port).url)
        #expect(await client.post(request) == .unanswered(.unsignable))
        #expect(receiver.received.isEmpty)
        await receiver.stop()
    }

    @Test("and can be posted as it is, without a bank")
    func posted() async throws {
        let receiver = try await CallbackReceiver.start([.status(401)])
        let client = try CallbackClient(url: try CallingBank.destination(receiver.port).url)
        #expect(await client.post(Self.vector) == .answered(status: 401))
        let received = try #require(receiver.received.first)
        #expect(received.target == Self.vector.target)
        #expect(received.body == Self.vector.body)
        #expect(received.isSigned(with: Self.vector.key.secret))
        await receiver.stop()
    }
}
