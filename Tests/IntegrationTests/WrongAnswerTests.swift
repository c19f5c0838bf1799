import AdapterKit
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("A bank that answers wrongly", .serialized, .timeLimit(.minutes(2)))
struct WrongAnswerTests {
    /// An answer that cannot be believed, the attempt's code for it, and whether the bank has acted all the same.
    struct Wrong: Sendable, CustomTestStringConvertible {
        let misbehaviour: Misbehaviour
        let code: String
        var acted = true

        var testDescription: String { misbehaviour.description }
    }

    static let wrong = [
        Wrong(misbehaviour: .hugeBody, code: "response_too_large"),
        Wrong(misbehaviour: .drip, code: "attempt_timed_out"),
        Wrong(misbehaviour: .manyHeaders, code: "response_headers_too_large"),
        Wrong(misbehaviour: .hugeHeader, code: "response_headers_too_large"),
        Wrong(misbehaviour: .redirect, code: "redirect", acted: false),
        Wrong(misbehaviour: .garbage, code: "unreadable_body"),
        Wrong(misbehaviour: .empty, code: "unreadable_body"),
        Wrong(misbehaviour: .truncated, code: "unreadable_body"),
        Wrong(misbehaviour: .cutAfter, code: "connection_lost"),
        Wrong(misbehaviour: .cutMidAnswer, code: "connection_lost"),
        Wrong(misbehaviour: .badSignature, code: "response_signature_invalid"),
        Wrong(misbehaviour: .noSignature, code: "response_signature_invalid"),
        Wrong(misbehaviour: .wrongReference, code: "another_reference"),
        Wrong(misbehaviour: .status500After, code: "server_error"),
        Wrong(misbehaviour: .status500, code: "server_error", acted: false),
        Wrong(misbehaviour: .status503, code: "server_error", acted: false),
        Wrong(misbehaviour: .hang, code: "attempt_timed_out", acted: false),
    ]

    @Test("is asked what it did within the call, and its books are what the caller hears", arguments: wrong)
    func asked(wrong: Wrong) async throws {
        // drip and hang take the whole of it.
        try await World.with(.memory, try Setup { $0.attempt = "3500ms" }) { world in
            try world.bank.script(wrong.misbehaviour, for: .charge)
            let key = Caller.freshKey()
            let clock = ContinuousClock()
            let started = clock.now
            let reply = try await world.acme.pay(key: key)
            #expect(clock.now - started < .seconds(12))
            #expect(reply.status == 201)
            #expect(reply.state == "succeeded")
            #expect(reply.attempts.first?["outcome"]?.text == "unknown")
            #expect(reply.attempts.first?["code"]?.text == wrong.code)
            #expect(reply.attempts.last?["operation"]?.text == (wrong.acted ? "inquiry" : "payment"))
            #expect(reply.attempts.last?["outcome"]?.text == "approved")
            #expect(reply["amount_captured"]?.integer == world.bank.ledger[reply.id]?.captured)
            #expect(try await world.acme.pay(key: key).body == reply.body)
            // Sent again only where the books had nothing, and then under the same reference.
            #expect(world.bank.counters[.charge] == (wrong.acted ? 1 : 2))
            #expect(world.bank.ledger.charges.count == 1)
            #expect(world.bank.ledger.moneyMovements == 1)
        }
    }

    static let kinds = wrong.filter { [.drip, .cutAfter, .badSignature, .status500, .hang].contains($0.misbehaviour) }

    @Test("leaves the outcome unknown as long as it says nothing more, and by itself no longer", arguments: kinds)
    func unknown(wrong: Wrong) async throws {
        let setup = try Setup {
            $0.attempt = "1s"
            $0.gatewayLines = ["retry: { max_retries: 0 }", "inquiry: { first_after: 300ms }"]
            $0.lines = ["queue: { retry: { first: 300ms } }"]
        }
        try await World.with(.memory, setup) { world in
            try world.bank.script(wrong.misbehaviour, for: .charge)
            try world.bank.script(.noSignature, for: .inquiry, times: 2)
            let key = Caller.freshKey()
            let reply = try await world.acme.pay(key: key)
            #expect(reply.status == 202)
            #expect(reply.state == "processing")
            #expect(reply.reason == "outcome_unknown")
            #expect(reply.attempts.first?["outcome"]?.text == "unknown")
            #expect(reply.attempts.first?["code"]?.text == wrong.code)
            let again = try await world.acme.pay(key: key)
            #expect(again.status == 202)
            #expect(again.id == reply.id)
            #expect(await world.gateway.logs("payment decided", reply.id, "succeeded"))
            let repeated = try await world.acme.pay(key: key)
            #expect(repeated.status == 201)
            #expect(repeated["amount_captured"]?.integer == world.bank.ledger[reply.id]?.captured)
            #expect(world.bank.counters[.charge] == (wrong.acted ? 1 : 2))
            #expect(world.bank.ledger.moneyMovements == 1)
        }
    }

    @Test(
        "never calls an approval of another amount or currency a success", arguments: [Misbehaviour.wrongAmount, .wrongCurrency])
    func mismatch(misbehaviour: Misbehaviour) async throws {
        try await World.with { world in
            try world.bank.script(misbehaviour, for: .charge)
            let reply = try await world.acme.pay()
            #expect(reply.status == 202)
            #expect(reply.state == "manual_review")
        }
    }

    @Test("keeps its memory small while banks send hundreds of megabytes")
    func memory() async throws {
        let payments = 4
        try await World.with { world in
            #expect(try await world.acme.pay().status == 201)
            let before = try world.gateway.program.peakMemory()
            try world.bank.script(.hugeBody, for: .charge, times: payments)
            let replies = try await withThrowingTaskGroup { group in
                for _ in 0..<payments { group.addTask { try await world.acme.pay() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(replies.map(\.state) == Array(repeating: "succeeded", count: payments))
            #expect(world.bank.counters[.charge] == payments + 1)
            #expect(try world.gateway.program.peakMemory() - before < 64 << 20)
        }
    }
}
