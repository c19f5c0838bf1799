import AdapterKit
import MockGateways
import Testing

@Suite("Who the bank lets in")
struct AdmissionTests {
    @Test("a client with its certificate and key is served, and the answer's signature holds")
    func served() async throws {
        try await withBank { bank, client in
            let answer = try await client.charge()
            #expect(answer.status == 200)
            #expect(answer.isSigned)
            #expect(bank.counters.handshakes == 1)
        }
    }

    @Test(
        "a handshake without a certificate, or with one of another authority, fails before any request",
        arguments: [BankClient.Certificate.none, .strange])
    func handshake(certificate: BankClient.Certificate) async throws {
        try await withBank { bank, client in
            var client = client
            client.certificate = certificate
            let answer = try await client.charge()
            #expect(answer.exit != 0)
            #expect(answer.status == 0)
            #expect(bank.counters.connections == 1)
            #expect(bank.counters.handshakes == 0)
            #expect(bank.counters[.charge] == 0)
        }
    }

    enum Fault: CaseIterable {
        case secret, keyID, tenant, late, early, malformedTimestamp, doubledTenant, doubledSignature
    }

    @Test(
        "a request with one thing wrong about its signature is answered 401, signed, and moves nothing", arguments: Fault.allCases
    )
    func refused(fault: Fault) async throws {
        try await withBank { bank, client in
            var client = client
            switch fault {
            case .secret: client.secret = Secret(text: "another")
            case .keyID: client.keyID = "k2"
            case .tenant: client.tenant = "someone-else"
            case .late: client.timestamp = (BankClient.now + .seconds(301)).rfc3339WholeSeconds
            case .early: client.timestamp = (BankClient.now + .seconds(-301)).rfc3339WholeSeconds
            case .malformedTimestamp: client.timestamp = "2026-01-02 03:04:05"
            case .doubledTenant: client.moreHeaders = ["X-Tenant-Id: \(BankClient.tenant)"]
            case .doubledSignature: client.moreHeaders = ["X-Signature: v1=AAAA"]
            }
            let answer = try await client.charge()
            #expect(answer.status == 401)
            #expect(answer.isSigned)
            #expect(bank.counters.signatureFailures == 1)
            #expect(bank.ledger.charges.isEmpty)
        }
    }

    @Test("a time-stamp at either end of the window is accepted", arguments: [-300, 300])
    func window(offset: Int) async throws {
        try await withBank { _, client in
            var client = client
            client.timestamp = (BankClient.now + .seconds(offset)).rfc3339WholeSeconds
            let answer = try await client.charge()
            #expect(answer.status == 200)
        }
    }

    @Test("an idempotency key that is not the reference is refused", arguments: ["pay_2", ""])
    func idempotencyKey(key: String) async throws {
        try await withBank { bank, client in
            var client = client
            client.idempotencyKey = key
            let answer = try await client.charge("pay_1")
            #expect(answer.status == 401)
            #expect(answer.code == "IDEMPOTENCY_KEY_MISMATCH")
            #expect(bank.ledger.charges.isEmpty)
        }
    }

    @Test(
        "a path of no operation is 404, but not the 404 that denies a charge",
        arguments: [
            "/", "/v1/charges", "/v2/charges/pay_1", "/v1/charges/pay_1/refunds", "/v1/charges/a%2Fb", "/v1/charges/pay_1/",
        ])
    func unrouted(target: String) async throws {
        try await withBank { bank, client in
            let answer = try await client.get(target)
            #expect(answer.status == 404)
            #expect(answer.code == "UNKNOWN_PATH")
            #expect(bank.counters.unroutedRequests == 1)
        }
    }

    @Test(
        "a body that is not a charge is 400 and moves nothing",
        arguments: [
            "", "[]", "{", #"{"reference":"pay_1"}"#, #"{"reference":"pay 1","amount":1}"#,
            #"{"reference":"pay_1","amount":0,"currency":"BRL","capture":true,"method":{"type":"card"}}"#,
            #"{"reference":"pay_1","amount":1.5,"currency":"BRL","capture":true,"method":{"type":"card"}}"#,
            #"{"reference":"pay_1","amount":1,"currency":"brl","capture":true,"method":{"type":"card"}}"#,
            #"{"reference":"pay_1","amount":1,"currency":"BRL","capture":"yes","method":{"type":"card"}}"#,
            #"{"reference":"pay_1","amount":1,"currency":"BRL","capture":true}"#,
        ])
    func malformed(body: String) async throws {
        try await withBank { bank, client in
            let answer = try await client.send("POST", "/v1/charges", body: Array(body.utf8), key: "pay_1")
            #expect(answer.status == 400)
            #expect(answer.isSigned)
            #expect(bank.ledger.charges.isEmpty)
        }
    }

    @Test("a body of more than 64 KiB is 413, one of exactly that is read", arguments: [(65_537, 413), (65_536, 400)])
    func tooLarge(bytes: Int, status: Int) async throws {
        try await withBank { bank, client in
            let body = [UInt8](repeating: UInt8(ascii: " "), count: bytes)
            let answer = try await client.send("POST", "/v1/charges", body: body, key: "pay_1")
            #expect(answer.status == status)
            #expect(bank.ledger.charges.isEmpty)
        }
    }

    @Test("HTTP/2 is spoken where it is offered and asked for, else HTTP/1.1", arguments: [true, false])
    func http2(offered: Bool) async throws {
        try await withBank(http2: offered) { bank, client in
            var client = client
            client.version = .http2
            let answer = try await client.charge()
            #expect(answer.status == 200)
            #expect(answer.isSigned)
            #expect(bank.counters.http2Requests == (offered ? 1 : 0))
        }
    }
}
