import AdapterKit
import NPCIUPI
import Testing

@Suite struct CallbackTests {
    private func scheme(
        _ changes: [String: JSON?] = [:], of adapter: [String: JSON?] = [:]
    ) throws -> CallbackScheme {
        try NPCIUPIAdapter.sample(adapter).callbackScheme(NPCIUPIAdapter.section(Sample.callback(changes), path: "callback/"))
    }

    @Test func `callbacks carry the facade's id and are signed with its keys, under the headers of requests`() throws {
        var names = Sample.names
        names.nonce = "Once"
        let expected = NonceSigned(
            names: names, sender: "npci-facade", keys: [SigningKey(id: "f1", secret: Secret(text: "callback-secret"))],
            payload: .init(key: Secret(text: Sample.publicKey), form: .der))
        let scheme = try scheme(["payload_signature_form": .string("der")], of: ["header_nonce": .string("Once")])
        #expect(scheme == .nonceSigned(expected))
    }

    private static let wrong: [(String, JSON?)] = [
        ("organisation", nil), ("organisation", .string("two words")), ("keys", nil), ("keys", .string("k")),
        ("payload_key", nil), ("payload_key", .string("plain")), ("payload_key", .string("text:no key")),
        ("payload_key", .string("text:" + Sample.privateKey)), ("payload_signature_form", .string("hex")),
        ("hint", .bool(true)), ("header_nonce", .string("Once")), ("participant_code", .string("ACM")),
    ]

    @Test("wrong settings of callbacks are refused by their names", arguments: wrong)
    private func refused(name: String, value: JSON?) throws {
        let failure = try #require(throws: SettingsFailure.self) { try scheme([name: value]) }
        #expect(failure.path == "callback/" + name)
    }

    @Test func `received is told as the facade tells it`() throws {
        #expect(
            try NPCIUPIAdapter.sample().acknowledgement
                == CallbackAcknowledgement(
                    status: 200, contentType: "application/json", body: Array(#"{"ack":true}"#.utf8)))
    }
}
