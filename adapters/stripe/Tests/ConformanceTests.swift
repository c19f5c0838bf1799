import AdapterKit
import Foundation
import Stripe
import TestKit
import Testing

@Suite struct ConformanceTests {
    private let conformance: AdapterConformance<StripeAdapter>

    init() throws {
        let folder = try #require(Bundle.module.resourcePath) + "/Fixtures"
        conformance = AdapterConformance(
            try StripeAdapter.sample(), fixtures: try AdapterFixture.all(in: folder),
            callbacks: try CallbackFixture.all(in: folder), declineCategories: StripeAdapter.declineCategories,
            currencies: ["USD", "JPY", "KWD", "EUR"].compactMap(Currency.init),
            optionalMembers: [
                "amount_received", "last_payment_error", "next_action", "metadata", "reference", "payment", "payment_intent",
                "code", "decline_code", "message", "failure_reason",
            ], references: SampleReferences(gateway: "pi_1"))
    }

    @Test func `the adapter holds what every adapter must hold`() {
        let failures = conformance.failures()
        #expect(failures.isEmpty, Comment(rawValue: failures.map(\.description).joined(separator: "\n")))
    }

    @Test func `the only codes without a row say nothing more, or were made up to show that they become other`() {
        #expect(
            conformance.unmappedCodes() == [
                "a_code_of_tomorrow", "card_declined", "lost_or_stolen_card", String(repeating: "y", count: 64),
            ])
    }
}
