import AdapterKit
import NPCIUPI
import Testing

@Suite struct SettingsTests {
    private func refusal(_ changes: [String: JSON?]) throws -> String {
        try #require(throws: SettingsFailure.self) { try NPCIUPIAdapter.sample(changes) }.path
    }

    @Test func `the settings name us, our keys and the usual headers`() throws {
        let adapter = try NPCIUPIAdapter.sample()
        let expected = NonceSigned(
            names: Sample.names, sender: "acme-org",
            keys: [SigningKey(id: "k1", secret: Secret(text: "upi-hmac-secret"))],
            payload: .init(key: Secret(text: Sample.privateKey), form: .raw))
        #expect(adapter.authentication == .nonceSigned(expected))
        #expect(adapter.account == ["acme-org", "ACM"])
    }

    @Test func `what the fact sheet only proposes can be set otherwise`() throws {
        let adapter = try NPCIUPIAdapter.sample([
            "payload_signature_form": .string("der"), "header_organisation": .string("Org"), "header_timestamp": .string("Ts"),
            "header_nonce": .string("N"), "header_key_id": .string("Kid"), "header_signature": .string("Mac"),
            "header_payload_signature": .string("Sig"),
        ])
        guard case .nonceSigned(let scheme) = adapter.authentication else { throw SettingsFailure(path: "", expected: "") }
        #expect(
            scheme.names
                == .init(sender: "Org", timestamp: "Ts", nonce: "N", keyID: "Kid", signature: "Mac", payloadSignature: "Sig"))
        #expect(scheme.payload?.form == .der)
    }

    @Test func `an account is the same under other keys, and another under another code`() throws {
        let sample = try NPCIUPIAdapter.sample()
        #expect(try NPCIUPIAdapter.sample(["keys": .array([Sample.key("k2", "text:b")])]).account == sample.account)
        #expect(try NPCIUPIAdapter.sample(["participant_code": .string("ACN")]).account != sample.account)
        #expect(try NPCIUPIAdapter.sample(["organisation": .string("other")]).account != sample.account)
    }

    @Test func `not found is final once a collect request has expired and a margin has passed`() throws {
        #expect(try NPCIUPIAdapter.sample().capabilities.notFoundFinalAfter == .seconds(1890))
        let adapter = try NPCIUPIAdapter.sample([
            "collect_expiry": .string("5m"), "not_found_margin": .string("10s"), "late_success": .string("72h"),
        ])
        #expect(adapter.capabilities.notFoundFinalAfter == .seconds(310))
        #expect(adapter.capabilities.lateSuccess == .within(.seconds(259_200)))
    }

    @Test func `nothing is promised that the fact sheet does not promise`() throws {
        #expect(
            try NPCIUPIAdapter.sample().capabilities
                == Capabilities(
                    operations: [.payment, .refund, .inquiry, .accountValidation], methods: [.upi], idempotency: .none,
                    inquiryByReference: true, notFoundFinalAfter: .seconds(1890), acceptsSignedRequestFor: nil, reversal: false,
                    lateSuccess: .within(.seconds(172_800))))
        let without = try NPCIUPIAdapter.sample(["refunds": .bool(false)])
        #expect(without.capabilities.operations == [.payment, .inquiry, .accountValidation])
    }

    @Test("what must be said is demanded", arguments: ["organisation", "participant_code", "keys", "payload_key"])
    func required(name: String) throws {
        #expect(try refusal([name: nil]) == name)
        #expect(try refusal([name: .null]) == name)
        #expect(try refusal([name: .integer(7)]) == name)
    }

    private static let wrong: [(String, String, String)] = [
        ("organisation", "two words", "organisation"), ("organisation", "São", "organisation"),
        ("participant_code", "AB", "participant_code"), ("participant_code", "ABCD", "participant_code"),
        ("participant_code", "A-C", "participant_code"), ("participant_code", "AÉ", "participant_code"),
        ("payload_key", "plain", "payload_key"), ("payload_key", "text:", "payload_key"),
        ("payload_key", "text:not a key", "payload_key"), ("payload_key", "text:" + Sample.publicKey, "payload_key"),
        (
            "payload_key", "text:-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----\n", "payload_key"
        ),
        ("payload_signature_form", "RAW", "payload_signature_form"), ("payload_signature_form", "", "payload_signature_form"),
        ("collect_expiry", "30", "collect_expiry"), ("collect_expiry", "59s", "collect_expiry"),
        ("collect_expiry", "745h", "collect_expiry"), ("not_found_margin", "0s", "not_found_margin"),
        ("late_success", "59s", "late_success"), ("late_success", "T+1", "late_success"), ("refunds", "yes", "refunds"),
        ("check_vpa", "no", "check_vpa"), ("inner_code_member", "", "inner_code_member"),
        ("header_nonce", "Content-Type", "header_nonce"), ("header_nonce", "host", "header_nonce"),
        ("header_nonce", "X UPI", "header_nonce"), ("header_nonce", "X:", "header_nonce"),
        ("header_nonce", String(repeating: "N", count: 65), "header_nonce"),
        ("header_nonce", "x-upi-timestamp", "header_nonce"), ("header_organisation", "X-UPI-Nonce", "header_nonce"),
        ("secret", "text:s", "secret"), ("tenant", "acme", "tenant"),
    ]

    @Test("a wrong setting is refused by its name", arguments: wrong)
    private func refused(name: String, value: String, path: String) throws {
        #expect(try refusal([name: .string(value)]) == path)
    }

    private static let wrongKeys: [(String, [JSON])] = [
        ("keys", []), ("keys", (1...9).map { Sample.key("k\($0)", "text:s") }), ("keys/0", [.string("k")]),
        ("keys/0/id", [Sample.key("", "text:s")]), ("keys/0/id", [Sample.key("k 1", "text:s")]),
        ("keys/0/secret", [Sample.key("k1", "plain")]), ("keys/0/secret", [.members([("id", .string("k1"))])]),
        ("keys/1/id", [Sample.key("k1", "text:s"), Sample.key("k1", "text:r")]),
    ]

    @Test("wrong keys are refused, for requests and callbacks", arguments: wrongKeys)
    private func refusedKeys(path: String, keys: [JSON]) throws {
        #expect(try refusal(["keys": .array(keys)]) == path)
        let adapter = try NPCIUPIAdapter.sample()
        let failure = try #require(throws: SettingsFailure.self) {
            try adapter.callbackScheme(NPCIUPIAdapter.section(Sample.callback(["keys": .array(keys)]), path: "callback/"))
        }
        #expect(failure.path == "callback/" + path)
    }
}
