import AdapterKit
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("A payment by Pix", .serialized, .timeLimit(.minutes(2)))
struct PixTests {
    @Test("shows a QR code, is paid by its payer, and told of over mutual TLS")
    func paid() async throws {
        try await PixWorld.with { world in
            let charge = try await world.acme.pay(PixWorld.order("Pedido 17", ("expires_in", .integer(600))), key: "order-7")
            #expect(charge.status == 201)
            #expect(charge.state == "requires_action")
            let action = try #require(charge["next_action"])
            #expect(action["type"]?.text == "display_qr")
            #expect(action["qr_payload"]?.text?.hasPrefix("000201") == true)
            let opened = try #require(world.provider.ledger[charge.id]).openedAt
            #expect(action["expires_at"]?.text == (opened + .seconds(600)).rfc3339WholeSeconds)
            #expect(charge["gateway_reference"]?.text == nil)
            try world.provider.settle(charge.id, as: .approved)
            let events = try await world.acme.events(of: charge.id, until: "payment.succeeded")
            #expect(events.last?["cause"]?.text == "callback")
            #expect(await world.answersToCallbacks() == [.answered(status: 200)])
            let payment = try await world.acme.payment(charge.id)
            #expect(payment["amount_captured"]?.integer == 1000)
            let endToEndID = try #require(payment["gateway_reference"]?.text)
            #expect(endToEndID.hasPrefix("E") && endToEndID.utf8.count == 32)
            #expect(
                try await world.acme.pay(PixWorld.order("Pedido 17", ("expires_in", .integer(600))), key: "order-7").status == 201
            )
            #expect(world.provider.counters[.charge] == 1)
            #expect(world.provider.counters[.inquiry] == 0)
            #expect(world.provider.ledger.moneyMovements == 1)
        }
    }

    @Test("is one of several that a delivery tells of")
    func several() async throws {
        try await PixWorld.with { world in
            var charges: [String] = []
            for _ in 1...3 { charges.append(try await world.charge().id) }
            try world.provider.settle(charges, as: .approved)
            for charge in charges { _ = try await world.acme.events(of: charge, until: "payment.succeeded") }
            #expect(await world.answersToCallbacks() == Array(repeating: .answered(status: 200), count: 3))
            #expect(Set(world.provider.callbacks.attempts.map(\.nonce)).count == 1, "one delivery")
        }
    }

    @Test("is asked about where nothing proves a delivery, and then known")
    func hint() async throws {
        var plan = PixWorld.Plan()
        (plan.isHint, plan.caller) = (true, { _ in nil })
        try await PixWorld.with(plan) { world in
            let charge = try await world.charge()
            try world.provider.settle(charge.id, as: .approved)
            let events = try await world.acme.events(of: charge.id, until: "payment.succeeded")
            #expect(events.last?["cause"]?.text == "reconciliation")
            #expect(await world.answersToCallbacks() == [.answered(status: 200)])
            #expect(world.provider.counters[.inquiry] == 1)
        }
    }

    @Test("is not paid on the word of another subject, nor of one without a certificate")
    func strangers() async throws {
        var plan = PixWorld.Plan()
        plan.caller = { try $0.client(named: "another", valid: Setup.valid) }
        try await PixWorld.with(plan) { world in
            let charge = try await world.charge()
            try world.provider.settle(charge.id, as: .approved)
            await world.provider.reaches(callbacks: { $0.attempts.count >= 2 })
            #expect(world.provider.callbacks.attempts.allSatisfy { $0.result == .answered(status: 403) })
            #expect(try await world.acme.payment(charge.id).state == "requires_action")
        }
        plan.caller = { _ in nil }
        try await PixWorld.with(plan) { world in
            let charge = try await world.charge()
            try world.provider.settle(charge.id, as: .approved)
            await world.provider.reaches(callbacks: { $0.attempts.count >= 2 })
            #expect(world.provider.callbacks.attempts.allSatisfy { $0.result == .unanswered(.cut) })
            #expect(try await world.acme.payment(charge.id).state == "requires_action")
        }
    }

    @Test("is taken back while nobody has paid, and not after")
    func voided() async throws {
        try await PixWorld.with { world in
            let charge = try await world.charge()
            let void = try await world.acme.void(charge.id)
            #expect(void.status == 200)
            #expect(void.state == "canceled")
            #expect(world.provider.ledger[charge.id]?.status == .voided)
            let paid = try await world.paid()
            #expect(try await world.acme.void(paid.id).status == 409)
            #expect(world.provider.ledger[paid.id]?.held == 1000)
        }
    }

    @Test("that was paid just before it was taken back stays paid")
    func paidMeanwhile() async throws {
        var plan = PixWorld.Plan()
        plan.caller = { try $0.client(named: "another", valid: Setup.valid) }
        try await PixWorld.with(plan) { world in
            let charge = try await world.charge()
            try world.provider.settle(charge.id, as: .approved)
            let void = try await world.acme.void(charge.id)
            #expect(void.status == 409, "\(void.text)")
            let payment = try await world.acme.sync(charge.id)
            #expect(payment.state == "succeeded", "\(payment.text)")
            #expect(world.provider.ledger[charge.id]?.held == 1000)
        }
    }

    @Test("is taken back once more where the first time never arrived", arguments: [Misbehaviour.cutBefore, .cutAfter])
    func voidLost(_ misbehaviour: Misbehaviour) async throws {
        try await PixWorld.with { world in
            let charge = try await world.charge()
            try world.provider.script(misbehaviour, for: .void)
            let void = try await world.acme.void(charge.id)
            #expect(void.state == "canceled", "\(void.text)")
            #expect(world.provider.ledger[charge.id]?.status == .voided)
        }
    }

    @Test("that has ended still can be paid until it is removed: its end alone is no proof")
    func ended() async throws {
        var plan = PixWorld.Plan()
        plan.lag = .seconds(120)
        try await PixWorld.with(plan) { world in
            let order = PixWorld.order(nil, ("expires_in", .integer(60)))
            let (late, removed) = (try await world.acme.pay(order), try await world.acme.pay(order))
            let end = try #require(late["next_action"]?["expires_at"]?.text.flatMap { Timestamp(wholeSecondsRFC3339: $0) })
            #expect(end < Caller.now)
            #expect(try await world.acme.sync(late.id).state == "requires_action")
            try world.provider.settle(late.id, as: .approved)
            _ = try await world.acme.events(of: late.id, until: "payment.succeeded")
            #expect(try await world.acme.void(removed.id).state == "canceled")
        }
    }
}

@Suite("A refund by Pix", .serialized, .timeLimit(.minutes(2)))
struct PixRefundTests {
    @Test("is under way until the provider tells that it is done, in parts too")
    func refunded() async throws {
        try await PixWorld.with { world in
            let paid = try await world.paid()
            for (part, rest) in [(Int64(250), 250), (750, 1000)] as [(Int64, Int64)] {
                let refund = try await world.acme.refund(paid.id, part)
                #expect(refund.status == 202)
                #expect(refund.state == "processing")
                let events = try await world.acme.events(of: refund.id, until: "refund.succeeded")
                #expect(events.last?["cause"]?.text == "callback")
                #expect(world.provider.ledger[paid.id]?.refunded == rest)
                #expect(try await world.acme.payment(paid.id)["amount_refunded"]?.integer == rest)
            }
            #expect(world.provider.counters[.refundInquiry] == 0)
            #expect(try await world.acme.refund(paid.id, 1).status == 422)
        }
    }

    @Test("that the provider does not carry out is failed, with its reason")
    func refused() async throws {
        try await PixWorld.with { world in
            let paid = try await world.paid()
            try world.provider.script(.callback(.declined), for: .refund)
            let refund = try await world.acme.refund(paid.id)
            #expect(refund.status == 202)
            let events = try await world.acme.events(of: refund.id, until: "refund.failed")
            #expect(events.last?["data"]?["failure"]?["gateway_code"]?.text == "DS04")
            #expect(world.provider.ledger[paid.id]?.held == 1000)
        }
    }

    @Test("whose answer is lost is asked about, never sent under another id")
    func lost() async throws {
        try await PixWorld.with { world in
            let paid = try await world.paid()
            try world.provider.script(.cutAfter, for: .refund)
            let refund = try await world.acme.refund(paid.id)
            _ = try await world.acme.events(of: refund.id, until: "refund.succeeded")
            #expect(world.provider.ledger[paid.id]?.refunds.map(\.reference) == [refund.id])
            #expect(world.provider.counters[.refundInquiry] > 0)
        }
    }
}

@Suite("What a Pix provider answers", .serialized, .timeLimit(.minutes(2)))
struct PixAnswerTests {
    /// Nothing is tried again by itself.
    private static func once(_ change: (inout PixWorld.Plan) -> Void = { _ in }) -> PixWorld.Plan {
        var plan = PixWorld.Plan()
        plan.lines.append("retry: { max_retries: 0 }")
        change(&plan)
        return plan
    }

    private static let unclearAnswers: [Misbehaviour] = [
        .cutAfter, .cutMidAnswer, .status500After, .garbage, .empty, .truncated, .wrongAmount, .wrongReference,
    ]

    @Test("is asked for where it was lost or unclear", arguments: unclearAnswers)
    func unclear(_ misbehaviour: Misbehaviour) async throws {
        try await PixWorld.with(Self.once()) { world in
            try world.provider.script(misbehaviour, for: .charge)
            let taken = try await world.acme.pay(PixWorld.order())
            #expect(taken.state == "requires_action", "\(taken.text)")
            #expect(taken["next_action"]?["qr_payload"]?.text != nil)
            #expect(taken.attempts.map { $0["outcome"]?.text } == ["unknown", "requires_action"])
            #expect(taken.attempts.last?["operation"]?.text == "inquiry")
            #expect(world.provider.counters[.charge] == 1)
            #expect(world.provider.ledger.order == [taken.id])
        }
    }

    @Test(
        "is had by the same request again where it never arrived: the txid is ours")
    func repeated() async throws {
        try await PixWorld.with { world in
            try world.provider.script(.cutBefore, for: .charge)
            let taken = try await world.acme.pay(PixWorld.order())
            #expect(taken.state == "requires_action", "\(taken.text)")
            #expect(world.provider.counters[.charge] == 2)
            #expect(world.provider.counters[.inquiry] > 0)
            #expect(world.provider.ledger.order == [taken.id])
        }
    }

    @Test("may come too late: then it is asked for")
    func late() async throws {
        try await PixWorld.with(Self.once { $0.attempt = "1s" }) { world in
            try world.provider.script(.slowAfter(milliseconds: 5000), for: .charge)
            let taken = try await world.acme.pay(PixWorld.order())
            #expect(taken.state == "requires_action", "\(taken.text)")
            #expect(taken.attempts.first?["outcome"]?.text == "unknown")
            #expect(taken.attempts.last?["operation"]?.text == "inquiry")
            #expect(world.provider.ledger.order == [taken.id])
        }
    }

    @Test("fails a payment that the provider refuses, with the error's name")
    func rejected() async throws {
        try await PixWorld.with { world in
            try world.provider.script(.rejected, for: .charge)
            let failed = try await world.acme.pay(PixWorld.order())
            #expect(failed.state == "failed")
            #expect(failed["failure"]?["gateway_code"]?.text == "RequisicaoInvalida")
            #expect(world.provider.ledger.order == [])
        }
    }

    @Test("is heeded where it says to wait: 429")
    func limited() async throws {
        try await PixWorld.with { world in
            try world.provider.script(.rateLimited, for: .charge)
            #expect(try await world.acme.pay(PixWorld.order()).state == "requires_action")
            #expect(world.provider.counters[.charge] == 2)
        }
    }

    @Test("proves nothing where it is 5xx: the payment stays where it is", arguments: [Misbehaviour.status503, .status500])
    func unavailable(_ misbehaviour: Misbehaviour) async throws {
        try await PixWorld.with(Self.once()) { world in
            try world.provider.script(misbehaviour, for: .charge)
            let taken = try await world.acme.pay(PixWorld.order())
            #expect(taken.status == 202)
            #expect(taken.reason == "outcome_unknown")
            #expect(try await world.acme.sync(taken.id).reason == "outcome_unknown", "not found, but too soon to prove anything")
        }
    }

    @Test("is never asked for what the protocol cannot say")
    func unspeakable() async throws {
        try await PixWorld.with { world in
            let orders = [
                PixWorld.order(nil, ("expires_in", .integer(86_401))), PixWorld.order(nil, ("payer_tax_id", .string("123"))),
            ]
            for order in orders {
                let refused = try await world.acme.pay(order)
                #expect(refused.status == 422)
                #expect(refused.code == "validation_failed")
            }
            #expect(world.provider.counters[.charge] == 0)
        }
    }
}

@Suite("A Pix provider's tokens", .serialized, .timeLimit(.minutes(2)))
struct PixTokenTests {
    /// So many charges at the same time; all of them wait for their payers.
    private func charge(_ count: Int, _ world: PixWorld) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count { group.addTask { _ = try await world.charge() } }
            try await group.waitForAll()
        }
    }

    @Test("are fetched once for many payments, and once more when they are revoked")
    func revoked() async throws {
        try await PixWorld.with { world in
            try await charge(20, world)
            #expect(world.tokensFetched == 1)
            for round in 2...4 {
                try world.provider.script(.credentials, for: .charge)
                try await charge(20, world)
                #expect(world.tokensFetched == round)
            }
            #expect(world.provider.ledger.order.count == 80)
            let metrics = try await world.gateway.ask("/metrics").text
            #expect(metrics.contains("drawbridge_sessions_total{gateway=\"pix-a\",result=\"opened\"} 4"))
        }
    }

    @Test("are renewed before they end: no request finds out that one has")
    func renewed() async throws {
        var plan = PixWorld.Plan()
        plan.tokenLifetime = 2
        try await PixWorld.with(plan) { world in
            while world.tokensFetched < 4, !Task.isCancelled { try await charge(5, world) }
            #expect(world.provider.counters.signatureFailures == 0)
        }
    }

    @Test("that are not given out leave nothing sent", arguments: [Misbehaviour.status503, .cutBefore, .garbage])
    func unavailable(_ misbehaviour: Misbehaviour) async throws {
        try await PixWorld.with { world in
            try world.provider.script(misbehaviour, for: .session)
            // The next token is asked for a second later, within the deadline.
            #expect(try await world.acme.pay(PixWorld.order()).state == "requires_action")
            #expect(world.tokensFetched == 2)
            #expect(world.provider.counters[.charge] == 1)
        }
    }

    @Test("are not given to who has the wrong secret: the payment fails, and nothing was sent")
    func refused() async throws {
        var plan = PixWorld.Plan()
        plan.secret = "n0t-the-secret"
        try await PixWorld.with(plan) { world in
            let failed = try await world.acme.pay(PixWorld.order())
            #expect(failed.state == "failed")
            #expect(failed["failure"]?["category"]?.text == "configuration")
            #expect(world.provider.counters[.charge] == 0)
            #expect(!world.gateway.program.output.text.contains(plan.secret))
        }
    }
}
