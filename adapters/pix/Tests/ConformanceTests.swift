import AdapterKit
import Foundation
import Pix
import TestKit
import Testing

@Suite struct ConformanceTests {
    private let conformance: AdapterConformance<PixAdapter>

    init() throws {
        let folder = try #require(Bundle.module.resourcePath) + "/Fixtures"
        let references = SampleReferences.long(gateway: Sample.endToEndID)
        conformance = AdapterConformance(
            try .sample(), fixtures: try AdapterFixture.all(in: folder), callbacks: try CallbackFixture.all(in: folder),
            declineCategories: PixAdapter.declineCategories, currencies: ["BRL"].compactMap(Currency.init),
            optionalMembers: ["pixCopiaECola", "expiracao", "rtrId", "motivo"], optionalCallbackMembers: ["txid"],
            references: references, amountText: \.decimal,
            // A void is a change of its charge and has no name of its own.
            referenceText: { ($0 == references.void ? references.charge : $0).filter { $0 != "_" } })
    }

    @Test func `the adapter holds what every adapter must hold`() {
        let failures = conformance.failures()
        #expect(failures.isEmpty, Comment(rawValue: failures.map(\.description).joined(separator: "\n")))
    }

    @Test func `no fixture shows a code without a row`() {
        #expect(conformance.unmappedCodes() == [])
    }
}
