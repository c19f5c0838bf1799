import AdapterKit
import MockGateways
import Testing

@Suite("Each misbehaviour does what its name says")
struct MisbehaviourTests {
    /// What is to be seen of a charge that wished for a misbehaviour.
    struct Sight: Sendable, CustomTestStringConvertible {
        let name: String
        var exit: ClosedRange<Int32> = 0...0
        var status = 200
        var isSigned = true
        var charge: Charge.Status?
        var testDescription: String { name }
    }

    static let sights = [
        Sight(name: "decline_51", charge: .declined), Sight(name: "decline_99", charge: .declined),
        Sight(name: "pending", charge: .pending), Sight(name: "action_required", charge: .actionRequired),
        Sight(name: "rejected", status: 400), Sight(name: "credentials", status: 401), Sight(name: "rate_limited", status: 429),
        Sight(name: "not_processed", status: 503), Sight(name: "not_found", status: 404), Sight(name: "redirect", status: 302),
        Sight(name: "status_500", status: 500), Sight(name: "status_503", status: 503),
        Sight(name: "status_500_after", status: 500, charge: .approved), Sight(name: "garbage", charge: .approved),
        Sight(name: "empty", charge: .approved), Sight(name: "truncated", charge: .approved),
        Sight(name: "bad_signature", isSigned: false, charge: .approved),
        Sight(name: "no_signature", isSigned: false, charge: .approved), Sight(name: "wrong_amount", charge: .approved),
        Sight(name: "wrong_reference", charge: .approved), Sight(name: "wrong_currency", charge: .approved),
        Sight(name: "slow_before=1", charge: .approved), Sight(name: "slow_after=1", charge: .approved),
        Sight(name: "cut_before", exit: 1...99, status: 0, isSigned: false),
        Sight(name: "cut_after", exit: 1...99, status: 0, isSigned: false, charge: .approved),
        Sight(name: "cut_mid_answer", exit: 18...18, isSigned: false, charge: .approved),
        Sight(name: "close_idle", charge: .approved), Sight(name: "huge_body", isSigned: false, charge: .approved),
        Sight(name: "many_headers", charge: .approved),
        Sight(name: "unheard_of", status: 422), Sight(name: "decline_00", status: 422),
        Sight(name: "slow_before=600001", status: 422),
        Sight(name: "", status: 422),
    ]

    @Test("a charge's description chooses", arguments: sights)
    func described(sight: Sight) async throws {
        try await withBank { bank, client in
            let answer = try await client.charge(description: "Order 7 mock:\(sight.name), as wished")
            #expect(sight.exit.contains(answer.exit))
            #expect(answer.status == sight.status)
            #expect(answer.isSigned == sight.isSigned)
            #expect(bank.ledger["pay_1"]?.status == sight.charge)
            #expect(bank.ledger.moneyMovements == (sight.charge == .approved ? 1 : 0))
        }
    }

    @Test("over HTTP/2 a connection is cut as well", arguments: ["cut_before", "cut_after", "cut_mid_answer"])
    func cutHTTP2(name: String) async throws {
        try await withBank(http2: true) { bank, client in
            var client = client
            client.version = .http2
            let answer = try await client.charge(description: "mock:\(name)")
            #expect(answer.exit != 0)
            #expect(bank.counters.http2Requests == 1)
            #expect(bank.ledger.moneyMovements == (name == "cut_before" ? 0 : 1))
        }
    }

    @Test(
        "every code of the table, and any other, is told as it is",
        arguments: ["05", "14", "41", "51", "54", "57", "61", "1A", "46", "91", "77"])
    func declines(code: String) async throws {
        try await withBank { bank, client in
            let answer = try await client.charge(description: "mock:decline_\(code)")
            #expect(answer.code == code)
            #expect(bank.ledger["pay_1"]?.held == 0)
        }
    }

    @Test(
        "a decline by category is told in the bank's own code",
        arguments: [
            ("insufficient_funds", "51"), ("do_not_honor", "05"), ("suspected_fraud", "59"), ("authentication_required", "1A"),
            ("expired", "99"), ("other", "99"),
        ])
    func categories(category: String, code: String) async throws {
        try await withBank { bank, client in
            let answer = try await client.charge(description: "mock:declined_\(category)")
            #expect(answer.json?["status"] == .string("DECLINED"))
            #expect(answer.code == code)
            #expect(bank.ledger.moneyMovements == 0)
        }
    }

    @Test(
        "the payer's action suits the method",
        arguments: [("card", "redirect"), ("pix", "display_qr"), ("upi", "approve_in_app")])
    func actions(method: String, action: String) async throws {
        try await withBank { _, client in
            let answer = try await client.charge(method: method, description: "mock:action_required")
            #expect(answer.json?["action"]?["type"] == .string(action))
            #expect(answer.json?["action"]?["expires_at"] == .string("2026-01-02T03:19:05Z"))
        }
    }

    @Test(
        "refusals carry the field that says what they mean",
        arguments: [
            ("rate_limited", "retry-after", "1"), ("not_processed", "x-not-processed", "true"),
            ("garbage", "content-type", "text/html"),
        ])
    func fields(name: String, field: String, value: String) async throws {
        try await withBank { _, client in
            let answer = try await client.charge(description: "mock:\(name)")
            #expect(answer.header(field) == value)
        }
    }

    @Test("a plain 503 does not claim that nothing was processed")
    func plain503() async throws {
        try await withBank { _, client in
            let answer = try await client.charge(description: "mock:status_503")
            #expect(answer.header("x-not-processed") == nil)
        }
    }

    @Test(
        "one member is wrong and the signature holds",
        arguments: [
            ("wrong_amount", "amount", JSON.integer(1001)), ("wrong_reference", "reference", .string("pay_1x")),
            ("wrong_currency", "currency", .string("XTS")),
        ])
    func wrongMember(name: String, member: String, value: JSON) async throws {
        try await withBank { _, client in
            let answer = try await client.charge(description: "mock:\(name)")
            #expect(answer.json?[member] == value)
        }
    }

    @Test("bodies that are not a charge are whole HTTP messages", arguments: [("garbage", 46), ("empty", 0), ("truncated", 94)])
    func unreadable(name: String, bytes: Int) async throws {
        try await withBank { _, client in
            let answer = try await client.charge(description: "mock:\(name)")
            #expect(answer.exit == 0)
            #expect(answer.json == nil)
            #expect(answer.body.count == bytes)
        }
    }

    @Test("sizes are as promised")
    func sizes() async throws {
        try await withBank { bank, client in
            let flood = try await client.charge("a", description: "mock:huge_body")
            #expect(flood.body.count == 100_000_000)
            let crowd = try await client.charge("b", description: "mock:many_headers")
            #expect(crowd.headers.count > 10_000)
            // curl gives up at 100 KiB of one field.
            let giant = try await client.charge("c", description: "mock:huge_header")
            #expect(giant.exit != 0)
            #expect(bank.ledger.moneyMovements == 3)
        }
    }

    @Test("close_idle takes the connection away that the next request would use; without it both share one")
    func closeIdle() async throws {
        for (misbehaves, connections) in [(false, 1), (true, 2)] {
            try await withBank { bank, client in
                var client = client
                client.times = 2
                if misbehaves { try bank.script(.closeIdle, for: .inquiry, times: 2) }
                _ = try await client.get("/v1/charges/pay_1")
                #expect(bank.counters.connections == connections)
                #expect(bank.counters[.inquiry] == 2)
            }
        }
    }
}
