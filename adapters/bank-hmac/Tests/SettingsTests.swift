import AdapterKit
import BankHMAC
import Testing

@Suite struct SettingsTests {
    @Test func `a key id and a secret make one key that is always valid`() throws {
        let expected = SigningKey(id: "k1", secret: Secret(text: "k3y-for-tests-only"))
        let adapter = try BankHMACAdapter.sample()
        #expect(adapter.authentication == .hmacV1(.init(tenant: "acme-123", keys: [expected], verifiesResponses: true)))
        #expect(adapter.account == ["acme-123"])
    }

    @Test func `a list of keys keeps their order and their validity`() throws {
        let adapter = try BankHMACAdapter.sample(
            #"""
            {"tenant":"t","verify_responses":false,"keys":[
              {"id":"a","secret":"text:one","not_after":"2026-02-01T00:00:00Z"},
              {"id":"b","secret":"text:two","not_before":"2026-01-01T00:00:00Z"}]}
            """#)
        let keys = [
            SigningKey(id: "a", secret: Secret(text: "one"), notAfter: Timestamp(wholeSecondsRFC3339: "2026-02-01T00:00:00Z")),
            SigningKey(id: "b", secret: Secret(text: "two"), notBefore: Timestamp(wholeSecondsRFC3339: "2026-01-01T00:00:00Z")),
        ]
        #expect(adapter.authentication == .hmacV1(.init(tenant: "t", keys: keys, verifiesResponses: false)))
    }

    @Test func `the account is the same whatever key signs, so that a rotation does not make another gateway of it`() throws {
        let rotated = try BankHMACAdapter.sample(#"{"tenant":"acme-123","key_id":"k2","secret":"text:other"}"#)
        #expect(try rotated.account == BankHMACAdapter.sample().account)
    }

    @Test(
        "wrong settings are refused with the path of the setting",
        arguments: [
            ("tenant", #"{"key_id":"k","secret":"text:s"}"#),
            ("tenant", #"{"tenant":7,"key_id":"k","secret":"text:s"}"#),
            ("tenant", #"{"tenant":"two words","key_id":"k","secret":"text:s"}"#),
            ("tenant", #"{"tenant":"a\nb","key_id":"k","secret":"text:s"}"#),
            ("tenant", #"{"tenant":"São","key_id":"k","secret":"text:s"}"#),
            ("keys", #"{"tenant":"t"}"#),
            ("keys", #"{"tenant":"t","keys":[]}"#),
            ("keys", #"{"tenant":"t","keys":"k"}"#),
            ("keys", #"{"tenant":"t","key_id":"k","secret":"text:s","keys":[{"id":"a","secret":"text:s"}]}"#),
            ("keys", #"{"tenant":"t","secret":"text:s","keys":[{"id":"a","secret":"text:s"}]}"#),
            ("secret", #"{"tenant":"t","key_id":"k"}"#),
            ("key_id", #"{"tenant":"t","secret":"text:s"}"#),
            ("secret", #"{"tenant":"t","key_id":"k","secret":"s"}"#),
            ("secret", #"{"tenant":"t","key_id":"k","secret":"text:"}"#),
            ("keys/0", #"{"tenant":"t","keys":["k"]}"#),
            ("keys/0/id", #"{"tenant":"t","keys":[{"secret":"text:s"}]}"#),
            ("keys/0/secret", #"{"tenant":"t","keys":[{"id":"a"}]}"#),
            ("keys/0/valid_from", #"{"tenant":"t","keys":[{"id":"a","secret":"text:s","valid_from":"2026-01-01T00:00:00Z"}]}"#),
            ("keys/0/not_before", #"{"tenant":"t","keys":[{"id":"a","secret":"text:s","not_before":"2026-01-01"}]}"#),
            (
                "keys/0/not_after",
                #"{"tenant":"t","keys":[{"id":"a","secret":"text:s","not_before":"2026-01-01T00:00:00Z","not_after":"2026-01-01T00:00:00Z"}]}"#
            ),
            ("keys/1/id", #"{"tenant":"t","keys":[{"id":"a","secret":"text:s"},{"id":"a","secret":"text:r"}]}"#),
            ("verify_responses", #"{"tenant":"t","key_id":"k","secret":"text:s","verify_responses":"no"}"#),
            ("verify_response", #"{"tenant":"t","key_id":"k","secret":"text:s","verify_response":false}"#),
        ])
    func refused(path: String, settings: String) throws {
        let failure = try #require(throws: SettingsFailure.self) { try BankHMACAdapter.sample(settings) }
        #expect(failure.path == path)
    }

    @Test func `nine keys are one too many`() throws {
        let keys = (1...9).map { #"{"id":"k\#($0)","secret":"text:s"}"# }
        _ = try BankHMACAdapter.sample(#"{"tenant":"t","keys":[\#(keys.dropLast().joined(separator: ","))]}"#)
        let failure = try #require(throws: SettingsFailure.self) {
            try BankHMACAdapter.sample(#"{"tenant":"t","keys":[\#(keys.joined(separator: ","))]}"#)
        }
        #expect(failure.path == "keys")
    }
}
