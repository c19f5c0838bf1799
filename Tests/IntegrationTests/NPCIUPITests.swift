import AdapterKit
import MockGateways
import ProcessKit
import Testing

@Suite("UPI, from the caller to the facade and back", .serialized, .timeLimit(.minutes(3)))
struct NPCIUPITests {
    private static let received = CallbackResult.answered(status: 200)

    // MARK: Paying

    @Test("a push is taken, and settled by the facade's callback")
    func push() async throws {
        try await UPIWorld.with { world in
            let taken = try await world.pay("mock:pending")
            #expect(taken.status == 202)
            #expect(taken.reason == "awaiting_gateway")
            try world.facade.settle(taken.id, as: .approved)
            #expect(await world.answersToCallbacks() == [Self.received])
            let paid = try await world.acme.payment(taken.id)
            #expect(paid.state == "succeeded")
            #expect(paid["amount_captured"]?.integer == 1000)
            #expect(paid["gateway_reference"]?.text == UPIWorld.transaction(ofCharge: taken.id))
            let events = try await world.acme.events(of: taken.id, until: "payment.succeeded")
            #expect(events.types == ["payment.processing", "payment.succeeded"])
            #expect(events.last?["cause"]?.text == "callback")
            #expect(world.facade.ledger[taken.id]?.held == 1000)
            #expect(world.facade.counters[.inquiry] == 0)
        }
    }

    @Test("a callback that is faster than our answer is not lost")
    func fast() async throws {
        try await UPIWorld.with { world in
            for mode in ["callback_before_answer", "callback_on_time"] {
                let taken = try await world.pay("mock:\(mode)")
                _ = try await world.acme.events(of: taken.id, until: "payment.succeeded")
                #expect(world.facade.ledger[taken.id]?.moneyMovements == 1)
            }
            #expect(await world.answersToCallbacks().allSatisfy { $0 == Self.received })
        }
    }

    @Test("a collect request waits for its payer")
    func collect() async throws {
        try await UPIWorld.with { world in
            let asked = try await world.pay("mock:action_required", flow: "collect")
            #expect(asked.status == 201)
            #expect(asked.state == "requires_action")
            #expect(asked["next_action"]?["type"]?.text == "approve_in_app")
            try world.facade.resolve(asked.id, as: .approve)
            #expect(await world.answersToCallbacks() == [Self.received])
            #expect(try await world.acme.payment(asked.id).state == "succeeded")
        }
    }

    @Test("a collect request that its payer lets lapse has expired")
    func lapsed() async throws {
        try await UPIWorld.with { world in
            let asked = try await world.pay("mock:action_required", flow: "collect")
            try world.facade.resolve(asked.id, as: .decline(code: "U69"))
            #expect(await world.answersToCallbacks() == [Self.received])
            let failed = try await world.acme.payment(asked.id)
            #expect(failed.state == "failed")
            #expect(failed["failure"]?["category"]?.text == "expired")
        }
    }

    // MARK: Declines

    private static let declines = [
        ("insufficient_funds", "Z9"), ("do_not_honor", "XB"), ("invalid_instrument", "ZH"), ("limit_exceeded", "Z8"),
        ("suspected_fraud", "59"), ("authentication_required", "ZM"), ("not_permitted", "ZX"), ("issuer_unavailable", "U28"),
        ("expired", "U69"), ("other", "ZA"),
    ]

    @Test("a decline of each category is one, in the answer and by callback")
    func declined() async throws {
        try await UPIWorld.with { world in
            for (category, code) in Self.declines {
                let atOnce = try await world.pay("mock:declined_\(category)")
                let later = try await world.pay("mock:pending")
                try world.facade.resolve(later.id, as: .decline(code: code))
                _ = try await world.acme.events(of: later.id, until: "payment.failed")
                for reply in [atOnce, try await world.acme.payment(later.id)] {
                    #expect(reply.state == "failed", "\(category)")
                    #expect(reply["failure"]?["category"]?.text == category)
                    #expect(reply["failure"]?["gateway_code"]?.text == code, "\(reply.text)")
                }
            }
            #expect(world.facade.ledger.moneyMovements == 0)
            #expect(world.facade.counters[.charge] == 2 * Self.declines.count)
        }
    }

    // MARK: What is not known

    @Test("what is deemed done stays open, until the facade says how it ended", arguments: [true, false])
    func deemed(isApproved: Bool) async throws {
        let tells = { (destination: inout CallbackDestination) in destination.tellsEverything = true }
        try await UPIWorld.with([World.asksLater], tells) { world in
            let taken = try await world.pay("mock:pending deemed")
            #expect(taken.status == 202)
            #expect(taken.reason == "awaiting_gateway")
            #expect(await world.answersToCallbacks() == [Self.received])
            let synced = try await world.acme.sync(taken.id)
            #expect(synced.state == "processing")
            #expect(world.facade.counters[.inquiry] == 1)
            try world.facade.resolve(taken.id, as: isApproved ? .approve : .decline(code: "U34"))
            await world.facade.reaches(callbacks: { $0.acknowledged == 2 })
            #expect(try await world.acme.payment(taken.id).state == (isApproved ? "succeeded" : "failed"))
            #expect(world.facade.ledger.moneyMovements == (isApproved ? 1 : 0))
        }
    }

    private static let silences: [(Misbehaviour, String)] = [
        (.slowAfter(milliseconds: 4000), "attempt_timed_out"), (.cutAfter, "connection_lost"), (.garbage, "unreadable_body"),
        (.status500After, "server_error"), (.wrongReference, "another_reference"),
    ]

    @Test("a payment whose answer never came, or says nothing of it, is asked about, and charged once", arguments: silences)
    private func unanswered(misbehaviour: Misbehaviour, code: String) async throws {
        try await UPIWorld.with(["inquiry: { first_after: 300ms, max: 1s }"], attempt: "2s") { world in
            try world.facade.script(misbehaviour, for: .charge)
            let taken = try await world.pay()
            _ = try await world.acme.events(of: taken.id, until: "payment.succeeded")
            let paid = try await world.acme.payment(taken.id)
            #expect(paid.attempts.first?["outcome"]?.text == "unknown")
            #expect(paid.attempts.first?["code"]?.text == code, "\(paid.text)")
            #expect(world.facade.counters[.charge] == 1)
            #expect(world.facade.counters[.inquiry] >= 1)
            #expect(world.facade.ledger.moneyMovements == 1)
        }
    }

    @Test("a code that says nothing certain is no decline, however often it is said", arguments: ["DT", "UT", "ZQ", "Q7"])
    func uncertain(code: String) async throws {
        try await UPIWorld.with { world in
            let taken = try await world.pay("mock:decline_\(code)")
            #expect(taken.status == 202)
            #expect(taken.reason == "outcome_unknown")
            #expect(try await world.acme.sync(taken.id).code == "gateways_unavailable")
            #expect(try await world.acme.payment(taken.id).reason == "outcome_unknown")
            #expect(world.facade.counters[.charge] == 1)
        }
    }

    @Test("a transaction id that the switch knows already is asked about, not sent elsewhere or failed")
    func duplicate() async throws {
        try await UPIWorld.with(["retry: { max_retries: 0 }", "inquiry: { first_after: 300ms, max: 1s }"]) { world in
            // Told that nothing happened, while it did: the retry then meets the same id.
            try world.facade.script(.rateLimited, for: .charge)
            let queued = try await world.pay()
            #expect(queued.state == "queued", "\(queued.text)")
            let sent = JSON.members([
                ("txnId", .string(UPIWorld.transaction(ofCharge: queued.id))), ("type", .string("PAY")),
                ("payerVpa", .string("alice@psp")), ("payeeVpa", .string("shop@bank")), ("amount", .string("10.00")),
                ("currency", .string("INR")), ("note", .string("mock:pending")), ("refId", .string(queued.id)),
            ])
            #expect(try await world.post(sent) == .answered(status: 200))
            await world.facade.reaches { _, counters in counters[.charge] == 3 && counters[.inquiry] >= 1 }
            try world.facade.settle(queued.id, as: .approved)
            _ = try await world.acme.events(of: queued.id, until: "payment.succeeded")
            let paid = try await world.acme.payment(queued.id)
            #expect(
                paid.attempts.contains { $0["outcome"]?.text == "unknown" && $0["code"]?.text == "U01" }, "\(paid.text)")
            #expect(world.facade.counters[.charge] == 3)
            #expect(world.facade.ledger.moneyMovements == 1)
        }
    }

    // MARK: Refunds

    private func paid(_ world: UPIWorld) async throws -> String {
        let taken = try await world.pay()
        _ = try await world.acme.events(of: taken.id, until: "payment.succeeded")
        return taken.id
    }

    @Test("a refund is a payment of its own, settled by its own callback", arguments: [400, 1000])
    func refund(amount: Int64) async throws {
        try await UPIWorld.with { world in
            let payment = try await paid(world)
            try world.facade.script(.pending, for: .refund)
            let taken = try await world.acme.refund(payment, amount)
            #expect(taken.status == 202, "\(taken.text)")
            try world.facade.settleRefund(taken.id, of: payment, as: .approved)
            _ = try await world.acme.events(of: taken.id, until: "refund.succeeded")
            #expect(try await world.acme.payment(payment)["amount_refunded"]?.integer == amount)
            #expect(world.facade.ledger[payment]?.held == 1000 - amount)
            #expect(await world.answersToCallbacks() == [Self.received, Self.received])
        }
    }

    @Test("a refund that is declined later gives nothing back")
    func refundDeclined() async throws {
        try await UPIWorld.with { world in
            let payment = try await paid(world)
            try world.facade.script(.pending, for: .refund)
            let taken = try await world.acme.refund(payment, 400)
            try world.facade.resolveRefund(taken.id, of: payment, as: .decline(code: "B3"))
            _ = try await world.acme.events(of: taken.id, until: "refund.failed")
            #expect(try await world.acme.payment(payment)["amount_refunded"]?.integer == 0)
            #expect(world.facade.ledger[payment]?.held == 1000)
        }
    }

    @Test("a refund whose answer never came is asked about, and made once")
    func refundUnanswered() async throws {
        try await UPIWorld.with(["inquiry: { first_after: 300ms, max: 1s }"]) { world in
            let payment = try await paid(world)
            try world.facade.script(.cutAfter, for: .refund)
            let taken = try await world.acme.refund(payment, 400)
            _ = try await world.acme.events(of: taken.id, until: "refund.succeeded")
            #expect(world.facade.counters[.refund] == 1)
            #expect(world.facade.counters[.refundInquiry] >= 1)
            #expect(world.facade.ledger[payment]?.held == 600)
        }
    }

    // MARK: Addresses

    @Test("an address is validated by the facade, and one that is none is not sent")
    func addresses() async throws {
        try await UPIWorld.with { world in
            func ask(_ value: String) async throws -> Reply {
                try await world.acme.post(
                    "/v1/accounts/validate", .members([("type", .string("vpa")), ("value", .string(value))]))
            }
            let known = try await ask("shop@bank")
            #expect(known["valid"]?.bool == true, "\(known.text)")
            #expect(known["holder_name"]?.text == "M*** H***")
            #expect(try await ask("invalid@bank")["valid"]?.bool == false)
            #expect(try await ask("shop").code == "validation_failed")
            #expect(world.facade.counters[.accountValidation] == 2)
        }
    }

    // MARK: Callbacks that prove nothing

    @Test("the same callback twice is taken once: its nonce was seen")
    func replayed() async throws {
        try await UPIWorld.with { world in
            let taken = try await world.pay("mock:callback_replayed")
            #expect(await world.answersToCallbacks() == [Self.received, .answered(status: 409)])
            #expect(try await world.acme.payment(taken.id).state == "succeeded")
        }
    }

    @Test("the same event under a new nonce changes nothing more")
    func twice() async throws {
        try await UPIWorld.with { world in
            let taken = try await world.pay("mock:callback_twice")
            #expect(await world.answersToCallbacks() == [Self.received, Self.received])
            let events = try await world.acme.events(of: taken.id, until: "payment.succeeded")
            #expect(events.types.filter { $0 == "payment.succeeded" }.count == 1)
        }
    }

    private static let once = { @Sendable (destination: inout CallbackDestination) in destination.waits = [] }

    @Test("what is forged, too old or from the future is not believed", arguments: ["forged", "stale", "from_future"])
    func unproved(manner: String) async throws {
        try await UPIWorld.with([World.asksLater], Self.once) { world in
            let taken = try await world.pay("mock:callback_\(manner)")
            #expect(await world.answersToCallbacks() == [.answered(status: 401)])
            #expect(try await world.acme.payment(taken.id).state == "processing")
            #expect(world.facade.ledger[taken.id]?.held == 1000)
        }
    }

    @Test("who shows another's certificate is not heard, however rightly signed")
    func anotherCertificate() async throws {
        try await UPIWorld.with([World.asksLater], calledBackBy: "somebody", Self.once) { world in
            let taken = try await world.pay("mock:callback_on_time")
            #expect(await world.answersToCallbacks() == [.answered(status: 403)])
            #expect(try await world.acme.payment(taken.id).state == "processing")
        }
    }

    @Test("a callback that names another amount is for an operator")
    func anotherAmount() async throws {
        try await UPIWorld.with { world in
            let taken = try await world.pay("mock:callback_wrong_amount")
            #expect(await world.answersToCallbacks() == [Self.received])
            #expect(try await world.acme.payment(taken.id).state == "manual_review")
        }
    }

    @Test("an older word after the end is taken and changes nothing")
    func outOfOrder() async throws {
        try await UPIWorld.with { world in
            let taken = try await world.pay("mock:callback_out_of_order")
            #expect(await world.answersToCallbacks() == [Self.received, Self.received])
            #expect(try await world.acme.payment(taken.id).state == "succeeded")
        }
    }

    // MARK: The facade itself

    @Test("the facade takes no request that is repeated, late, of another or signed by another")
    func facade() async throws {
        try await UPIWorld.with { world in
            let ask = JSON.members([("vpa", .string("shop@bank"))])
            let path = "/v1/validateVPA"
            let (first, again) = (
                try await world.post(ask, to: path, nonce: "nonce-0123456789"),
                try await world.post(ask, to: path, nonce: "nonce-0123456789")
            )
            #expect((first, again) == (.answered(status: 200), .answered(status: 409)))
            for seconds in [-302, 302] {
                let time = Caller.now + .seconds(seconds)
                #expect(try await world.post(ask, to: path, at: time) == .answered(status: 401))
            }
            let wrong = [
                "X-UPI-Org-Id": "other", "X-UPI-Key-Id": "upi-2", "X-UPI-Nonce": "nonce-9876543210", "X-UPI-Signature": "AAAA",
                "X-UPI-Payload-Signature": "AAAA", "X-UPI-Timestamp": "2026-01-01",
            ]
            for (name, value) in wrong {
                #expect(try await world.post(ask, to: path, [name: value]) == .answered(status: 401), "\(name)")
            }
            #expect(world.facade.counters.signatureFailures == 9)
            #expect(try await world.post(.members([("vpa", .integer(1))]), to: path) == .answered(status: 400))
            #expect(try await world.post(ask, to: "/v1/other") == .answered(status: 404))
        }
    }
}
