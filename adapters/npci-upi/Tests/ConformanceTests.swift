import AdapterKit
import Foundation
import NPCIUPI
import TestKit
import Testing

@Suite struct ConformanceTests {
    private let fixtures: [AdapterFixture]
    private let callbacks: [CallbackFixture]

    /// Transaction ids of the sample references, derived with Python's hashlib.
    private static let transactions = [
        "pay_1": "ACM6ec81111d581d10d7725c768ec740857", "ref_1": "ACM8ad9093bdc61b90e7ef911eb754f2755",
    ]

    init() throws {
        let folder = try #require(Bundle.module.resourcePath) + "/Fixtures"
        fixtures = try AdapterFixture.all(in: folder)
        callbacks = try CallbackFixture.all(in: folder)
    }

    private func conformance(_ adapter: NPCIUPIAdapter) throws -> AdapterConformance<NPCIUPIAdapter> {
        AdapterConformance(
            adapter, fixtures: fixtures, callbacks: callbacks, declineCategories: NPCIUPIAdapter.declineCategories,
            currencies: [try #require(Currency("INR"))],
            optionalMembers: ["rrn", "approvalNum", "errCode", "refRespCode", "amount", "currency", "maskName", "vpa"],
            amountText: \.decimal, referenceText: { Self.transactions[$0] ?? $0 })
    }

    @Test func `the adapter holds what every adapter must hold`() throws {
        let failures = try conformance(.sample()).failures()
        #expect(failures.isEmpty, Comment(rawValue: failures.map(\.description).joined(separator: "\n")))
    }

    @Test func `every code that declines as other has its row`() throws {
        #expect(try conformance(.sample()).unmappedCodes() == [])
    }

    /// protocols/npci-upi.md, 4, without its two words for "and so on".
    @Test func `every code of the fact sheet has a fixture, and only codes made up for it are unknown`() throws {
        let sheet = """
            00 01 RB BT M0 91 U67 U68 U82 U88 U87 UT UP U09 U20 U23 U27 U80 U26 U53 U18 RR RP 96 U04 RNF U85 U28 U78 U84 U81 U90 \
            U91 U86 U89 XY XZ ZJ ZK XT XU HS B7 U30 U31 U32 U33 ZQ 21 U34 32 Z9 U02 U03 IE Z7 Z8 ZU U16 FL FP ZM Z6 ZR ZS ZT RM \
            AM ZA ZG TM U19 U69 U70 ZL ZH UX XH XI U29 XX ZX ZY YE YF B1 B3 SA VO 59 K1 ZI S0 S1 S2 S3 U66 U01 DT DF U35 U36 U38 \
            U39 U42 U05 U06 U07 U11 U12 U48 U49 U50 U51 U54 U56 U57 U58 U59 U60 U61 U62 XF XG ZD U14 U15 U17 U52 U55 UA U08 U13 \
            UB IR XB XC YC YD
            """
        let codes = sheet.split(separator: " ").map(String.init)
        #expect(Set(codes).count == codes.count)
        let shown = Set(
            fixtures.filter { $0.operation == .payment && $0.response.status == 200 }
                .compactMap { try? JSON(parsing: $0.response.body)["respCode"]?.text })
        #expect(Set(codes).subtracting(shown).isEmpty)
        // U30 is known by what stands within it.
        let unknown = fixtures.filter { $0.expected["reason"]?.text == "unknown_code" && $0.operation == .payment }
        #expect(Set(unknown.compactMap { $0.expected["code"]?.text }).intersection(codes) == ["U30"])
    }
}
