import AdapterKit
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("A payment at Stripe", .serialized, .timeLimit(.minutes(2)))
struct StripeTests {
    @Test("is one PaymentIntent, and the same answer for the same key", arguments: StoreKind.allCases)
    func pays(store: StoreKind) async throws {
        try await World.stripe(store) { world in
            let paid = try await world.acme.payByCard(key: "order-7")
            #expect(paid.status == 201)
            #expect(paid.state == "succeeded", "\(paid.text)")
            #expect(paid["amount_captured"]?.integer == 1000)
            #expect(paid["gateway_reference"]?.text == "pi_mock1")
            #expect(try await world.acme.payByCard(key: "order-7").body == paid.body)
            #expect(world.bank.counters[.charge] == 1)
            #expect(world.bank.ledger[paid.id]?.moneyMovements == 1)
        }
    }

    @Test("is authorised, captured in part and given back in parts")
    func life() async throws {
        try await World.stripe { world in
            let held = try await world.acme.payByCard(capture: "manual")
            #expect(held.state == "authorized", "\(held.text)")
            #expect(world.bank.ledger[held.id]?.held == 1000)
            let captured = try await world.acme.capture(held.id, 600)
            #expect(captured.state == "succeeded", "\(captured.text)")
            #expect(captured["amount_captured"]?.integer == 600)
            for amount in [200, 400] as [Int64] {
                let refund = try await world.acme.refund(held.id, amount)
                #expect(refund.state == "succeeded", "\(refund.text)")
                #expect(refund["gateway_reference"]?.text?.hasPrefix("re_mock") == true)
                #expect(world.bank.ledger[held.id]?.refunds.last?.reference == refund.id)
            }
            let charge = try #require(world.bank.ledger[held.id])
            #expect(charge.captured == 600)
            #expect(charge.refunded == 600)
            #expect(try await world.acme.refund(held.id, 1).status == 422)
        }
    }

    @Test("is released when its authorisation is voided")
    func voids() async throws {
        try await World.stripe { world in
            let held = try await world.acme.payByCard(capture: "manual")
            let released = try await world.acme.void(held.id)
            #expect(released.status == 200)
            #expect(released.state == "canceled", "\(released.text)")
            #expect(world.bank.ledger[held.id]?.status == .voided)
            #expect(world.bank.ledger.moneyMovements == 0)
        }
    }

    static let declinedCategories = [
        "insufficient_funds", "do_not_honor", "expired_instrument", "invalid_instrument", "limit_exceeded", "suspected_fraud",
        "authentication_required", "not_permitted", "issuer_unavailable", "other",
    ]

    @Test("fails as its issuer says")
    func declines() async throws {
        try await World.stripe { world in
            for category in Self.declinedCategories {
                let declined = try await world.acme.payByCard(description: "mock:declined_\(category)")
                #expect(declined.status == 201)
                #expect(declined.state == "failed", "\(declined.text)")
                #expect(declined["failure"]?["category"]?.text == category)
                #expect(declined["failure"]?["gateway_code"]?.text == world.bank.ledger[declined.id]?.code)
            }
            let token = try await world.acme.payByCard("pm_card_visa_chargeDeclinedInsufficientFunds")
            #expect(token["failure"]?["category"]?.text == "insufficient_funds")
            #expect(world.bank.ledger.moneyMovements == 0)
        }
    }

    @Test("settles when a webhook tells what became of it", arguments: StoreKind.allCases)
    func webhook(store: StoreKind) async throws {
        try await World.stripe(store) { world in
            let taken = try await world.acme.payByCard(description: "mock:callback_late=500")
            #expect(taken.status == 202)
            #expect(taken.reason == "awaiting_gateway")
            let events = try await world.acme.events(of: taken.id, until: "payment.succeeded")
            #expect(events.types == ["payment.processing", "payment.succeeded"])
            #expect(events.last?["cause"]?.text == "callback")
            #expect(await world.answersToCallbacks() == [.answered(status: 200)])
            #expect(world.bank.counters[.charge] == 1)
        }
    }

    @Test("sends its payer to a page, and settles when the payer has been there")
    func authentication() async throws {
        try await World.stripe { world in
            let asked = try await world.acme.payByCard("pm_card_authenticationRequired")
            #expect(asked.state == "requires_action", "\(asked.text)")
            #expect(asked["next_action"]?["type"]?.text == "redirect")
            #expect(asked["next_action"]?["url"]?.text == "https://hooks.stripe.example/authenticate/1")
            try world.bank.settle(asked.id, as: .approved)
            let events = try await world.acme.events(of: asked.id, until: "payment.succeeded")
            #expect(events.last?["cause"]?.text == "callback")
        }
    }

    @Test(
        "is not moved by a webhook that proves nothing",
        arguments: [(CallbackMode.forged, "bad_signature"), (.stale, "outside_window"), (.fromFuture, "outside_window")])
    func unproved(mode: CallbackMode, result: String) async throws {
        try await World.stripe { world in
            try world.bank.script(.callback(mode), for: .charge)
            let taken = try await world.acme.payByCard()
            #expect(taken.status == 202)
            await world.bank.reaches(callbacks: { !$0.attempts.isEmpty })
            #expect(world.bank.callbacks.attempts.first?.result == .answered(status: 401))
            #expect(try await world.acme.payment(taken.id).state == "processing")
            let metrics = try await world.gateway.ask("/metrics").text
            #expect(metrics.contains("drawbridge_callbacks_total{gateway=\"bank-a\",result=\"\(result)\"}"))
        }
    }

    @Test(
        "whose answer is lost is sent again with its key, and is one payment",
        arguments: StoreKind.allCases, [Misbehaviour.cutAfter, .cutMidAnswer, .truncated, .garbage])
    func lostAnswer(store: StoreKind, misbehaviour: Misbehaviour) async throws {
        try await World.stripe(store, asks: Self.asksSoon) { world in
            try world.bank.script(misbehaviour, for: .charge)
            let taken = try await world.acme.payByCard(key: "order-7")
            let paid =
                taken.status == 201
                ? taken.json : try await world.acme.events(of: taken.id, until: "payment.succeeded").last?["data"]
            #expect(paid?["status"]?.text == "succeeded")
            #expect(paid?["gateway_reference"]?.text == "pi_mock1")
            #expect(world.bank.counters[.charge] == 2)
            #expect(world.bank.ledger.moneyMovements == 1)
            #expect(world.bank.ledger.charges.count == 1)
        }
    }

    @Test("whose first request never arrived is sent again with its key")
    func lostRequest() async throws {
        try await World.stripe(asks: Self.asksSoon) { world in
            try world.bank.script(.cutBefore, for: .charge)
            let taken = try await world.acme.payByCard()
            if taken.status != 201 { _ = try await world.acme.events(of: taken.id, until: "payment.succeeded") }
            #expect(world.bank.ledger[taken.id]?.moneyMovements == 1)
            #expect(world.bank.counters[.charge] == 2)
        }
    }

    private static let asksSoon = "inquiry: { first_after: 200ms, max: 1s }"

    @Test("gives back what Stripe takes its time for, when a webhook says so")
    func pendingRefund() async throws {
        try await World.stripe { world in
            let paid = try await world.acme.payByCard(description: "mock:callback_for_refund")
            #expect(paid.state == "succeeded", "\(paid.text)")
            let taken = try await world.acme.refund(paid.id, 400)
            let events = try await world.acme.events(of: taken.id, until: "refund.succeeded")
            #expect(events.last?["data"]?["amount"]?.integer == 400)
            #expect(try await world.acme.payment(paid.id)["amount_refunded"]?.integer == 400)
            #expect(world.bank.counters[.refund] == 1)
        }
    }

    @Test(
        "fails where Stripe says that the request, or the key, is wrong",
        arguments: [(Misbehaviour.rejected, "invalid_request"), (.credentials, "configuration")])
    func refused(misbehaviour: Misbehaviour, category: String) async throws {
        try await World.stripe { world in
            try world.bank.script(misbehaviour, for: .charge)
            let failed = try await world.acme.payByCard()
            #expect(failed.state == "failed", "\(failed.text)")
            #expect(failed["failure"]?["category"]?.text == category)
            #expect(world.bank.ledger.charges.isEmpty)
        }
    }

    @Test("is asked about by its PaymentIntent, and a refund by its own id, where no webhook tells what became of them")
    func asked() async throws {
        try await World.stripe { world in
            let taken = try await world.acme.payByCard(description: "mock:callback_lost")
            #expect(taken.reason == "awaiting_gateway", "\(taken.text)")
            #expect(try await world.acme.sync(taken.id).state == "succeeded")
            #expect(world.bank.counters[.inquiry] == 1)
            try world.bank.script(.pending, for: .refund)
            let refund = try await world.acme.refund(taken.id, 400)
            #expect(refund.state == "processing", "\(refund.text)")
            #expect(try await world.acme.sync(taken.id).status == 200)
            #expect(world.bank.counters[.refundInquiry] == 1)
            #expect(world.bank.counters[.refund] == 1)
        }
    }

    @Test("is for an operator where Stripe speaks of another amount")
    func anotherAmount() async throws {
        try await World.stripe { world in
            try world.bank.script(.wrongAmount, for: .charge)
            let paid = try await world.acme.payByCard()
            #expect(try await world.acme.payment(paid.id).state == "manual_review")
        }
    }

    @Test("is refused without a token, and nothing is sent")
    func withoutToken() async throws {
        try await World.stripe { world in
            let card = Caller.card(
                ("number", .string("4111111111111111")), ("exp_month", .integer(12)), ("exp_year", .integer(2031)))
            let refused = try await world.acme.pay(Caller.order(("currency", .string("USD")), ("method", card)))
            #expect(refused.text.contains("card.token"), "\(refused.text)")
            #expect(world.requestsAtBank == 0)
        }
    }
}
