import AdapterKit
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("The life of a payment", .serialized, .timeLimit(.minutes(2)))
struct LifeTests {
    @Test("is one payment at the bank, and the same answer for the same key, byte for byte", arguments: StoreKind.allCases)
    func pays(store: StoreKind) async throws {
        try await World.with(store) { world in
            let first = try await world.acme.pay(key: "order-7")
            #expect(first.status == 201)
            #expect(first.state == "succeeded")
            #expect(first["amount_captured"]?.integer == 1000)
            #expect(first["gateway"]?.text == "bank-a")
            #expect(first["gateway_reference"]?.text == world.bank.ledger[first.id]?.bankReference)
            #expect(first.headers.single("location") == "/v1/payments/\(first.id)")
            #expect(!first.isReplayed)
            for key in ["order-7", "\"order-7\""] {
                let again = try await world.acme.pay(key: key)
                #expect(again.status == 201)
                #expect(again.body == first.body)
                #expect(again.isReplayed)
            }
            let read = try await world.acme.payment(first.id)
            #expect(read.status == 200)
            #expect(read.json == first.json)
            #expect(world.bank.counters[.charge] == 1)
            #expect(world.bank.ledger.moneyMovements == 1)
        }
    }

    @Test("refuses another request under a used key, and sends nothing", arguments: StoreKind.allCases)
    func mismatch(store: StoreKind) async throws {
        try await World.with(store) { world in
            _ = try await world.acme.pay(key: "order-7")
            let other = try await world.acme.pay(Caller.order(("amount", .integer(1001))), key: "order-7")
            #expect(other.status == 422)
            #expect(other.code == "idempotency_key_reused")
            #expect(world.bank.counters[.charge] == 1)
        }
    }

    @Test("captures a part of an authorisation, once", arguments: StoreKind.allCases)
    func captures(store: StoreKind) async throws {
        try await World.with(store) { world in
            let held = try await world.acme.authorize()
            #expect(held.status == 201)
            #expect(held.state == "authorized")
            #expect(world.bank.ledger[held.id]?.held == 1000)
            #expect(world.bank.ledger.moneyMovements == 0)
            let tooMuch = try await world.acme.capture(held.id, 1001)
            #expect(tooMuch.status == 422)
            #expect(tooMuch.pointers == ["/amount"])
            let captured = try await world.acme.capture(held.id, 400, key: "capture-1")
            #expect(captured.status == 200)
            #expect(captured.state == "succeeded")
            #expect(captured["amount_captured"]?.integer == 400)
            let again = try await world.acme.capture(held.id, 400, key: "capture-1")
            #expect(again.isReplayed)
            #expect(again.body == captured.body)
            let second = try await world.acme.capture(held.id, 100)
            #expect(second.status == 409)
            #expect(second.code == "invalid_state")
            #expect(world.bank.ledger[held.id]?.captured == 400)
            #expect(world.bank.ledger.moneyMovements == 1)
            #expect(world.bank.counters[.capture] == 1)
        }
    }

    @Test("releases an authorisation, after which nothing can be captured", arguments: StoreKind.allCases)
    func voids(store: StoreKind) async throws {
        try await World.with(store) { world in
            let held = try await world.open.authorize()
            let released = try await world.open.void(held.id, key: "void-1")
            #expect(released.status == 200)
            #expect(released.state == "canceled")
            #expect(try await world.open.void(held.id, key: "void-1").body == released.body)
            for reply in [try await world.open.void(held.id), try await world.open.capture(held.id)] {
                #expect(reply.status == 409)
                #expect(reply.code == "invalid_state")
            }
            #expect(world.bank.ledger[held.id]?.status == .voided)
            #expect(world.bank.counters[.void] == 1)
            #expect(world.bank.counters[.capture] == 0)
        }
    }

    @Test("gives back parts, and never more than was taken", arguments: StoreKind.allCases)
    func refunds(store: StoreKind) async throws {
        try await World.with(store) { world in
            let id = try await world.acme.pay().id
            let first = try await world.acme.refund(id, 300, key: "refund-1")
            #expect(first.status == 201)
            #expect(first.state == "succeeded")
            #expect(first["amount"]?.integer == 300)
            #expect(first["payment"]?.text == id)
            #expect(try await world.acme.refund(id, 300, key: "refund-1").body == first.body)
            let second = try await world.acme.refund(id, 300)
            #expect(second.id != first.id)
            let tooMuch = try await world.acme.refund(id, 401)
            #expect(tooMuch.status == 422)
            #expect(tooMuch.pointers == ["/amount"])
            let rest = try await world.acme.refund(id)
            #expect(rest["amount"]?.integer == 400)
            #expect(try await world.acme.refund(id, 1).status == 422)
            #expect(try await world.acme.payment(id)["amount_refunded"]?.integer == 1000)
            #expect(world.bank.ledger[id]?.refunded == 1000)
            #expect(world.bank.counters[.refund] == 3)
        }
    }

    @Test("ends in failure when the issuer declines, and says why", arguments: StoreKind.allCases)
    func declined(store: StoreKind) async throws {
        try await World.with(store) { world in
            try world.bank.script(.decline(code: "51"), for: .charge)
            let reply = try await world.acme.pay(key: "order-7")
            #expect(reply.status == 201)
            #expect(reply.state == "failed")
            #expect(reply["failure"]?["category"]?.text == "insufficient_funds")
            #expect(reply["failure"]?["gateway_code"]?.text == "51")
            #expect(reply["gateway"] == .null)
            #expect(try await world.acme.pay(key: "order-7").body == reply.body)
            #expect(world.bank.ledger.moneyMovements == 0)
            #expect(world.bank.counters[.charge] == 1)
        }
    }

    @Test("waits for a bank that takes its time, until sync hears the end", arguments: StoreKind.allCases)
    func pending(store: StoreKind) async throws {
        try await World.with(store) { world in
            try world.bank.script(.pending, for: .charge)
            let taken = try await world.acme.pay(key: "order-7")
            #expect(taken.status == 202)
            #expect(taken.reason == "awaiting_gateway")
            #expect(taken.headers.single("retry-after") != nil)
            #expect(try await world.acme.sync(taken.id).reason == "awaiting_gateway")
            #expect(try await world.acme.pay(key: "order-7").status == 202)
            try world.bank.settle(taken.id, as: .approved)
            #expect(try await world.acme.sync(taken.id).state == "succeeded")
            let repeated = try await world.acme.pay(key: "order-7")
            #expect(repeated.status == 201)
            #expect(repeated.state == "succeeded")
            #expect(world.bank.ledger.moneyMovements == 1)
        }
    }

    @Test("asks the payer to act, and hears of it by sync", arguments: StoreKind.allCases)
    func action(store: StoreKind) async throws {
        try await World.with(store) { world in
            try world.bank.script(.actionRequired, for: .charge)
            let reply = try await world.acme.pay()
            #expect(reply.status == 201)
            #expect(reply.state == "requires_action")
            #expect(reply["next_action"]?["type"]?.text == "redirect")
            #expect(reply["next_action"]?["url"]?.text?.hasPrefix("https://bank.example/approve/") == true)
            try world.bank.settle(reply.id, as: .approved)
            let settled = try await world.acme.sync(reply.id)
            #expect(settled.state == "succeeded")
            #expect(settled["next_action"] == .null)
        }
    }

    @Test("answers 202 when the caller's patience is over, and settles all the same", arguments: StoreKind.allCases)
    func impatient(store: StoreKind) async throws {
        try await World.with(store) { world in
            try world.bank.script(.slowAfter(milliseconds: 2500), for: .charge)
            let clock = ContinuousClock()
            let started = clock.now
            let early = try await world.acme.pay(key: "order-7", prefer: "wait=1")
            #expect(clock.now - started < .milliseconds(2400))
            #expect(early.status == 202)
            #expect(early.reason == "in_flight")
            #expect(await world.gateway.logs("payment decided", early.id))
            #expect(try await world.acme.payment(early.id).state == "succeeded")
            #expect(try await world.acme.pay(key: "order-7").status == 201)
            #expect(world.bank.counters[.charge] == 1)
        }
    }

    @Test("answers 202 at once where the caller wants no waiting", arguments: StoreKind.allCases)
    func asynchronous(store: StoreKind) async throws {
        try await World.with(store) { world in
            try world.bank.script(.slowAfter(milliseconds: 1500), for: .charge)
            let early = try await world.acme.pay(key: "order-7", prefer: "respond-async")
            #expect(early.status == 202)
            #expect(early.reason == "in_flight")
            #expect(try await world.acme.pay(key: "order-7").status == 202)
            #expect(await world.gateway.logs("payment decided", early.id))
            let late = try await world.acme.pay(key: "order-7")
            #expect(late.status == 201)
            #expect(late.state == "succeeded")
            #expect(world.bank.counters[.charge] == 1)
        }
    }

    @Test("tells the second of two that come at once to wait for the first", arguments: StoreKind.allCases)
    func running(store: StoreKind) async throws {
        try await World.with(store) { world in
            try world.bank.script(.slowAfter(milliseconds: 1500), for: .charge)
            async let first = world.acme.pay(key: "order-7")
            await world.bank.reaches { ledger, _ in !ledger.charges.isEmpty }
            let second = try await world.acme.pay(key: "order-7")
            #expect(second.status == 409)
            #expect(second.code == "idempotency_in_progress")
            #expect(second.headers.single("retry-after") != nil)
            #expect(try await first.status == 201)
            #expect(world.bank.counters[.charge] == 1)
        }
    }

    @Test("is asked about when a bank is too slow for the attempt, and told as it is", arguments: StoreKind.allCases)
    func tooSlow(store: StoreKind) async throws {
        try await World.with(store, try Setup { $0.attempt = "1s" }) { world in
            try world.bank.script(.slowAfter(milliseconds: 1500), for: .charge)
            let reply = try await world.acme.pay()
            #expect(reply.status == 201)
            #expect(reply.state == "succeeded")
            #expect(reply.attempts.map { $0["operation"]?.text } == ["payment", "inquiry"])
            #expect(reply.attempts.first?["code"]?.text == "attempt_timed_out")
            #expect(world.bank.counters[.charge] == 1)
            #expect(world.bank.ledger.moneyMovements == 1)
        }
    }

    @Test("is unknown when a bank loses all its answers, and found again by sync", arguments: StoreKind.allCases)
    func answersLost(store: StoreKind) async throws {
        try await World.with(store, try Setup { $0.gatewayLines = Self.patient }) { world in
            try world.bank.script(.cutAfter, for: .charge)
            try world.bank.script(.cutAfter, for: .inquiry, times: 2)
            let reply = try await world.acme.pay()
            #expect(reply.status == 202)
            #expect(reply.reason == "outcome_unknown")
            let unheard = try await world.acme.sync(reply.id)
            #expect(unheard.status == 503)
            #expect(unheard.code == "gateways_unavailable")
            #expect(try await world.acme.sync(reply.id).state == "succeeded")
            #expect(world.bank.counters[.charge] == 1)
            #expect(world.bank.ledger.moneyMovements == 1)
        }
    }

    /// Sends nothing twice, and leaves asking to sync.
    private static let patient = ["retry: { max_retries: 0 }", "inquiry: { first_after: 1h, max: 1h }"]

    @Test("gives a refund whose answer was lost once, and says so within the call", arguments: StoreKind.allCases)
    func lostRefund(store: StoreKind) async throws {
        try await World.with(store) { world in
            let id = try await world.acme.pay().id
            try world.bank.script(.cutAfter, for: .refund)
            let refund = try await world.acme.refund(id, 400)
            #expect(refund.status == 201)
            #expect(refund.state == "succeeded")
            #expect(try await world.acme.payment(id)["amount_refunded"]?.integer == 400)
            #expect(world.bank.ledger[id]?.refunded == 400)
            #expect(world.bank.counters[.refund] == 1)
        }
    }

    @Test("keeps a refund of which the bank says nothing open until sync finds it", arguments: StoreKind.allCases)
    func openRefund(store: StoreKind) async throws {
        try await World.with(store, try Setup { $0.gatewayLines = Self.patient }) { world in
            let id = try await world.acme.pay().id
            try world.bank.script(.cutAfter, for: .refund)
            try world.bank.script(.cutAfter, for: .refundInquiry)
            let lost = try await world.acme.refund(id, 400, key: "refund-1")
            #expect(lost.status == 202)
            #expect(lost.state == "processing")
            // What may have been given back is reserved.
            #expect(try await world.acme.refund(id, 700).status == 422)
            #expect(try await world.acme.sync(id)["amount_refunded"]?.integer == 400)
            let repeated = try await world.acme.refund(id, 400, key: "refund-1")
            #expect(repeated.status == 201)
            #expect(repeated.state == "succeeded")
            #expect(world.bank.ledger[id]?.refunded == 400)
            #expect(world.bank.counters[.refund] == 1)
        }
    }

    @Test("stays as it was when the bank refuses a capture, a void or a refund", arguments: StoreKind.allCases)
    func refusedOperations(store: StoreKind) async throws {
        try await World.with(store) { world in
            let held = try await world.acme.authorize()
            for operation in [BankOperation.capture, .void] { try world.bank.script(.rejected, for: operation) }
            for reply in [try await world.acme.capture(held.id), try await world.acme.void(held.id)] {
                #expect(reply.status == 409)
                #expect(reply.code == "invalid_state")
                #expect(reply["detail"]?.text?.contains("INVALID_REQUEST") == true)
            }
            #expect(try await world.acme.payment(held.id).state == "authorized")
            let paid = try await world.acme.pay()
            try world.bank.script(.decline(code: "05"), for: .refund)
            let refund = try await world.acme.refund(paid.id)
            #expect(refund.status == 201)
            #expect(refund.state == "failed")
            #expect(try await world.acme.payment(paid.id)["amount_refunded"]?.integer == 0)
            #expect(world.bank.ledger.moneyMovements == 1)
        }
    }

    @Test("is found by the caller's own reference, newest first", arguments: StoreKind.allCases)
    func lists(store: StoreKind) async throws {
        try await World.with(store) { world in
            var ids: [String] = []
            for _ in 0..<3 { ids.append(try await world.acme.pay(Caller.order(("reference", .string("order 9/é")))).id) }
            _ = try await world.acme.pay()
            let found = try await world.acme.get("/v1/payments?reference=order%209%2F%C3%A9")
            #expect(found.status == 200)
            #expect(found["data"]?.elements?.map { $0["id"]?.text } == ids.reversed())
            let one = try await world.acme.get("/v1/payments?reference=order%209%2F%C3%A9&limit=1")
            #expect(one["data"]?.elements?.map { $0["id"]?.text } == [ids.last])
            #expect(try await world.acme.get("/v1/payments?reference=nothing")["data"] == .array([]))
        }
    }

    @Test("is nobody else's: to another tenant it is not there", arguments: StoreKind.allCases)
    func isolation(store: StoreKind) async throws {
        try await World.with(store) { world in
            let held = try await world.acme.authorize()
            for stranger in [world.other, world.open] {
                let replies = [
                    try await stranger.payment(held.id), try await stranger.capture(held.id), try await stranger.void(held.id),
                    try await stranger.refund(held.id), try await stranger.sync(held.id),
                ]
                #expect(replies.map(\.status) == [404, 404, 404, 404, 404])
                #expect(replies.map(\.code) == Array(repeating: "not_found", count: 5))
                #expect(try await stranger.get("/v1/payments?reference=order-1")["data"] == .array([]))
            }
            #expect(world.requestsAtBank == 1)
            let mine = try await world.acme.pay(key: "same-key")
            let theirs = try await world.other.pay(key: "same-key")
            #expect(theirs.status == 201)
            #expect(theirs.id != mine.id)
            #expect(theirs["tenant"]?.text == "other")
        }
    }

    @Test("outlives the process that took it, in Redis")
    func restart() async throws {
        try await World.with(.redis) { world in
            let paid = try await world.acme.pay(key: "order-7")
            let held = try await world.acme.authorize()
            await world.gateway.kill()
            try await RunningGateway.with(world.configuration) { next in
                let read = try await next.acme.payment(paid.id)
                #expect(read.json == paid.json)
                #expect(try await next.acme.pay(key: "order-7").body == paid.body)
                #expect(try await next.acme.capture(held.id).state == "succeeded")
                #expect(try await next.acme.refund(paid.id).state == "succeeded")
            }
            #expect(world.bank.counters[.charge] == 2)
        }
    }
}
