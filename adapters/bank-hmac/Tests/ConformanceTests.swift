import AdapterKit
import BankHMAC
import Foundation
import TestKit
import Testing

@Suite struct ConformanceTests {
    private let fixtures: [AdapterFixture]
    private let callbacks: [CallbackFixture]

    init() throws {
        let folder = try #require(Bundle.module.resourcePath) + "/Fixtures"
        fixtures = try AdapterFixture.all(in: folder)
        callbacks = try CallbackFixture.all(in: folder)
    }

    /// Enough of the callbacks to show a flaw: each takes a while.
    private var fewCallbacks: [CallbackFixture] {
        let names: Set = [
            "callback.charge.approved.captured", "callback.refund.approved.refunded", "callback.failure.unreadable_body.no_type",
        ]
        return callbacks.filter { names.contains($0.name) }
    }

    private func conformance<Adapter>(
        _ adapter: Adapter, _ fixtures: [AdapterFixture], _ callbacks: [CallbackFixture]
    ) -> AdapterConformance<Adapter> {
        AdapterConformance(
            adapter, fixtures: fixtures, callbacks: callbacks, declineCategories: BankHMACAdapter.declineCategories,
            currencies: ["BRL", "JPY", "KWD", "EUR"].compactMap(Currency.init),
            optionalMembers: [
                "bank_reference", "captured_amount", "refunded_amount", "code", "message", "action", "url", "qr_payload",
                "expires_at",
                "holder_name",
            ], optionalCallbackMembers: ["reference"])
    }

    private func brokenRules(_ adapter: some GatewayAdapter, _ fixtures: [AdapterFixture]) -> Set<ConformanceFailure.Rule> {
        Set(conformance(adapter, fixtures, fewCallbacks).failures().map(\.rule))
    }

    @Test func `the adapter holds what every adapter must hold`() throws {
        let failures = conformance(try BankHMACAdapter.sample(), fixtures, callbacks).failures()
        #expect(failures.isEmpty, Comment(rawValue: failures.map(\.description).joined(separator: "\n")))
    }

    @Test func `the only codes without a row are those made up to show that they become other`() throws {
        let codes = conformance(try BankHMACAdapter.sample(), fixtures, []).unmappedCodes()
        #expect(codes == ["99", String(repeating: "x", count: 32)])
    }

    private typealias Rules = Set<ConformanceFailure.Rule>

    /// What breaks, beside `redacts`: every flawed adapter lets the CVC be logged.
    private static let flaws: [(FlawedAdapter.Flaw, Rules)] = [
        (.logsTooMuch, []), (.changesBytes, [.encodesDeterministically]), (.losesAmount, [.keepsAmount]),
        (.losesReference, [.keepsReference]), (.emptiesVoid, [.sendsBody]),
        (.cannotRefund, [.encodesEveryOperation]), (.guessesDecline, [.refusesUnreadable, .mapsFixtures]),
        (.guessesApproval, [.refusesUnreadable, .mapsFixtures]), (.guessesInquiry, [.refusesUnreadable, .mapsFixtures]),
        (.guessesAccount, [.refusesUnreadable, .mapsFixtures]), (.mixesCodes, [.mapsFixtures]),
        (.findsWithoutAsking, [.declaresConsistently, .keepsReference]),
        (.cannotAskAboutRefund, [.encodesEveryOperation]),
        // Whoever can only be asked by a reference of its own need not be asked about refunds, but about charges by that.
        (.asksByTheirsAlone, [.keepsReference]),
        (.countsEvents, [.readsCallbacks, .readsDeterministically, .refusesUnreadableCallback]),
        (.emptiesEventID, [.readsCallbacks, .boundsEvents]), (.mixesSubjects, [.namesSubjects]),
        (.guessesNoNews, [.readsCallbacks, .refusesUnreadableCallback, .namesSubjects]),
        (.explainsRefusals, [.readsCallbacks, .boundsEvents]),
    ]

    @Test("the suite finds a flaw and nothing else", arguments: flaws)
    private func finds(flaw: FlawedAdapter.Flaw, rules: Rules) throws {
        #expect(brokenRules(try FlawedAdapter(flaw: flaw), fixtures) == rules.union([.redacts]))
    }

    @Test func `the suite misses an operation or a code that no fixture shows`() throws {
        let adapter = try BankHMACAdapter.sample()
        #expect(brokenRules(adapter, fixtures.filter { $0.operation != .void }) == [.coversOperations])
        #expect(brokenRules(adapter, fixtures.filter { $0.name != "payment.declined.account_closed.46" }) == [.coversCodes])
    }

    @Test func `the suite finds a fixture under another's name`() throws {
        let misnamed = try AdapterFixture(
            name: "payment.approved.captured",
            json: Array(
                #"{"operation":"payment","response":{"status":500,"headers":{},"body":""},"expect":{"kind":"unknown","reason":"server_error"}}"#
                    .utf8))
        #expect(brokenRules(try BankHMACAdapter.sample(), fixtures + [misnamed]) == [.namesFixtures])
    }

    @Test func `the suite misses callbacks of an adapter that has settings for them`() throws {
        let adapter = try BankHMACAdapter.sample()
        for few in [[], callbacks.filter { $0.name.hasPrefix("callback.failure.unknown_type") }] {
            #expect(conformance(adapter, fixtures, few).failures().map(\.rule) == [.coversCallbacks])
        }
    }

    @Test func `the suite finds a callback under another's name`() throws {
        let news = try #require(callbacks.first { $0.name == "callback.refund.approved.refunded" })
        let misnamed = try ["callback.no_news.refund", "callback.failure.unreadable_bodyguard"].map {
            try CallbackFixture(
                name: $0, json: Array(#"{"callback":{"body":"{"},"expect":{"failure":"unreadable_body"}}"#.utf8))
        }
        let failures = conformance(try BankHMACAdapter.sample(), fixtures, [news] + misnamed).failures()
        #expect(failures.map(\.rule) == [.namesFixtures, .namesFixtures])
    }

    @Test(
        "what is not a fixture of a callback is refused",
        arguments: [
            "", "[]", #"{"callback":{"body":{}}}"#, #"{"callback":{},"expect":{"events":[]}}"#,
            #"{"callback":{"body":{}},"expect":{}}"#, #"{"callback":{"body":{}},"expect":{"events":"none"}}"#,
        ])
    func malformedCallback(text: String) {
        #expect(throws: (any Error).self) { try CallbackFixture(name: "callback.x", json: Array(text.utf8)) }
    }

    @Test(
        "what is not a fixture is refused",
        arguments: [
            "", "[]", #"{"operation":"payment"}"#,
            #"{"operation":"pay","response":{"status":200,"headers":{},"body":""},"expect":{"kind":"pending"}}"#,
            #"{"operation":"payment","response":{"status":"200","headers":{},"body":""},"expect":{"kind":"pending"}}"#,
            #"{"operation":"payment","response":{"status":200,"headers":{},"body":""}}"#,
        ])
    func malformed(text: String) {
        #expect(throws: (any Error).self) { try AdapterFixture(name: "x", json: Array(text.utf8)) }
    }
}
