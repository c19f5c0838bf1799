import AdapterKit
import BankHMAC
import TestKit
import Testing

@Suite struct CallbackTests {
    private let adapter: BankHMACAdapter

    init() throws { adapter = try .sample() }

    private func scheme(_ callback: String) throws -> CallbackScheme {
        try adapter.callbackScheme(BankHMACAdapter.section(callback, path: "callback/"))
    }

    @Test func `the keys of the section sign callbacks, each while it is valid`() throws {
        let scheme = try scheme(
            #"""
            {"keys":[{"id":"a","secret":"text:one","not_after":"2026-02-01T00:00:00Z"},
                     {"id":"b","secret":"text:two","not_before":"2026-01-01T00:00:00Z"}]}
            """#)
        let keys = [
            SigningKey(id: "a", secret: Secret(text: "one"), notAfter: Timestamp(wholeSecondsRFC3339: "2026-02-01T00:00:00Z")),
            SigningKey(id: "b", secret: Secret(text: "two"), notBefore: Timestamp(wholeSecondsRFC3339: "2026-01-01T00:00:00Z")),
        ]
        #expect(scheme == .hmacV1(keys))
    }

    @Test("without keys nothing is signed", arguments: ["{}", #"{"keys":[]}"#, #"{"keys":null}"#])
    func unsigned(callback: String) throws { #expect(try scheme(callback) == .unsigned) }

    @Test(
        "wrong settings are refused with the path of the setting",
        arguments: [
            ("keys", #"{"keys":"k"}"#), ("keys", #"{"keys":{"id":"a","secret":"text:s"}}"#), ("keys/0", #"{"keys":["k"]}"#),
            ("keys/0/id", #"{"keys":[{"secret":"text:s"}]}"#), ("keys/0/id", #"{"keys":[{"id":"two words","secret":"text:s"}]}"#),
            ("keys/0/secret", #"{"keys":[{"id":"a"}]}"#), ("keys/0/secret", #"{"keys":[{"id":"a","secret":"plain"}]}"#),
            ("keys/0/secret", #"{"keys":[{"id":"a","secret":"text:"}]}"#),
            ("keys/0/not_before", #"{"keys":[{"id":"a","secret":"text:s","not_before":"yesterday"}]}"#),
            ("keys/0/key", #"{"keys":[{"id":"a","secret":"text:s","key":1}]}"#),
            ("keys/1/id", #"{"keys":[{"id":"a","secret":"text:s"},{"id":"a","secret":"text:r"}]}"#),
            ("secret", #"{"secret":"text:s"}"#), ("hint", #"{"hint":true}"#),
        ])
    func refused(path: String, callback: String) throws {
        let failure = try #require(throws: SettingsFailure.self) { try scheme(callback) }
        #expect(failure.path == "callback/" + path)
    }

    @Test func `nine keys are one too many`() throws {
        let keys = (1...9).map { #"{"id":"k\#($0)","secret":"text:s"}"# }
        _ = try scheme(#"{"keys":[\#(keys.dropLast().joined(separator: ","))]}"#)
        let failure = try #require(throws: SettingsFailure.self) {
            try scheme(#"{"keys":[\#(keys.joined(separator: ","))]}"#)
        }
        #expect(failure.path == "callback/keys")
    }

    @Test func `received is told by an empty 204`() {
        #expect(adapter.acknowledgement == CallbackAcknowledgement(status: 204))
    }
}
