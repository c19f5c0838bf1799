import AdapterKit
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("A payment at a Stripe that answers out of mocks/expectations", .serialized, .timeLimit(.minutes(2)))
struct StripeStaticTests {
    @Test("is authorised, captured in part, given back; or voided; or captured at once")
    func life() async throws {
        try await World.stripe(isStatic: true) { world in
            let held = try await world.acme.payByCard("pm_static_visa", amount: 1250, capture: "manual")
            #expect(held.state == "authorized", "\(held.text)")
            #expect(held["gateway_reference"]?.text == "pi_static_1250_usd_\(held.id)")
            let captured = try await world.acme.capture(held.id, 600)
            #expect(captured.state == "succeeded", "\(captured.text)")
            #expect(captured["amount_captured"]?.integer == 600)
            let refund = try await world.acme.refund(held.id, 100)
            #expect(refund.state == "succeeded", "\(refund.text)")
            #expect(refund["gateway_reference"]?.text == "re_static_\(refund.id)")
            let other = try await world.acme.payByCard("pm_static_visa", capture: "manual")
            #expect(try await world.acme.void(other.id).state == "canceled")
            #expect(try await world.acme.payByCard("pm_static_visa").state == "succeeded")
        }
    }

    @Test("fails with each category of decline", arguments: StripeTests.declinedCategories + ["invalid_request"])
    func declines(category: String) async throws {
        try await World.stripe(isStatic: true) { world in
            let declined = try await world.acme.payByCard("pm_static_declined_\(category)")
            #expect(declined.status == 201)
            #expect(declined.state == "failed", "\(declined.text)")
            #expect(declined["failure"]?["category"]?.text == category)
        }
    }

    @Test(
        "fails where nothing happened and a repeat would change nothing",
        arguments: [
            ("pm_static_400", "invalid_request"), ("pm_static_404", "invalid_request"), ("pm_static_401", "configuration"),
            ("pm_static_403", "configuration"),
        ])
    func rejected(token: String, category: String) async throws {
        try await World.stripe(isStatic: true) { world in
            let failed = try await world.acme.payByCard(token)
            #expect(failed.state == "failed", "\(failed.text)")
            #expect(failed["failure"]?["category"]?.text == category)
        }
    }

    @Test(
        "stays open where it may have happened",
        arguments: [
            "pm_static_409", "pm_static_lock_timeout", "pm_static_idempotency_error", "pm_static_424", "pm_static_500",
            "pm_static_503", "pm_static_dropped", "pm_static_dropped_late",
        ])
    func unknown(token: String) async throws {
        try await World.stripe(isStatic: true) { world in
            let open = try await world.acme.payByCard(token)
            #expect(open.status == 202, "\(open.text)")
            #expect(open.state == "processing")
            #expect(open.reason == "outcome_unknown")
        }
    }

    @Test("succeeds behind a 503, and behind a wait", arguments: ["pm_static_503_once", "pm_static_slow"])
    func atLast(token: String) async throws {
        try await World.stripe(asks: "inquiry: { first_after: 200ms, max: 1s }", isStatic: true) { world in
            let taken = try await world.acme.payByCard(token)
            if taken.status != 201 { _ = try await world.acme.events(of: taken.id, until: "payment.succeeded") }
            #expect(try await world.acme.payment(taken.id).state == "succeeded")
        }
    }

    @Test("waits while Stripe is still at it, or the payer has to act")
    func open() async throws {
        try await World.stripe(isStatic: true) { world in
            #expect(try await world.acme.payByCard("pm_static_processing").reason == "awaiting_gateway")
            let asked = try await world.acme.payByCard("pm_static_requires_action")
            #expect(asked["next_action"]?["url"]?.text == "https://hooks.stripe.example/static")
        }
    }
}
