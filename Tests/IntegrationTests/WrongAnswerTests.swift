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

    @Test("leaves the outcome unknown, within the attempt's time, until the bank's books say it", arguments: wrong)
    func unknown(wrong: Wrong) async throws {
        // An inquiry may take long enough for "not found" to be believed; drip and hang take the whole of it.
        try await World.with(.memory, try Setup { $0.attempt = "3500ms" }) { world in
            try world.bank.script(wrong.misbehaviour, for: .charge)
            let key = Caller.freshKey()
            let clock = ContinuousClock()
            let started = clock.now
            let reply = try await world.acme.pay(key: key)
            #expect(clock.now - started < .seconds(8))
            #expect(reply.status == 202)
            #expect(reply.state == "processing")
            #expect(reply.reason == "outcome_unknown")
            #expect(reply.attempts.first?["outcome"]?.text == "unknown")
            #expect(reply.attempts.first?["code"]?.text == wrong.code)
            let again = try await world.acme.pay(key: key)
            #expect(again.status == 202)
            #expect(again.id == reply.id)
            #expect(world.bank.counters[.charge] == 1)
            if wrong.acted {
                try await settles(reply.id, key: key, world)
            } else {
                try await isProvedAbsent(reply.id, world)
            }
        }
    }

    private func settles(_ id: String, key: String, _ world: World) async throws {
        let settled = try await world.acme.sync(id)
        #expect(settled.status == 200)
        #expect(settled.state == "succeeded")
        #expect(settled["amount_captured"]?.integer == world.bank.ledger[id]?.captured)
        let repeated = try await world.acme.pay(key: key)
        #expect(repeated.status == 201)
        #expect(repeated.state == "succeeded")
        #expect(world.bank.ledger.moneyMovements == 1)
        #expect(world.bank.counters[.charge] == 1)
    }

    /// "Not found" is believed once two seconds have passed, and not before.
    private func isProvedAbsent(_ id: String, _ world: World) async throws {
        let early = try await world.acme.sync(id)
        #expect(early.reason == "outcome_unknown")
        // The answer takes longer than the delay after which it is final.
        try world.bank.script(.slowBefore(milliseconds: 2100), for: .inquiry)
        let late = try await world.acme.sync(id)
        #expect(late.state == "queued")
        #expect(world.bank.ledger.moneyMovements == 0)
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
            #expect(replies.map(\.reason) == Array(repeating: "outcome_unknown", count: payments))
            #expect(try world.gateway.program.peakMemory() - before < 64 << 20)
        }
    }
}
