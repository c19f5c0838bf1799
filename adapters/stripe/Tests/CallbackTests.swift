import AdapterKit
import Stripe
import Testing

@Suite struct CallbackTests {
    private let adapter: StripeAdapter

    init() throws { adapter = try .sample() }

    private func scheme(_ callback: String) throws -> CallbackScheme {
        try adapter.callbackScheme(StripeAdapter.section(callback, path: "callback/"))
    }

    @Test func `the secrets of the section sign webhooks, as the texts they are`() throws {
        let secrets = [Secret(text: "whsec_new"), Secret(text: "whsec_old")]
        #expect(
            try scheme(#"{"secrets":["text:whsec_new","text:whsec_old"]}"#)
                == .timestamped(header: "Stripe-Signature", secrets: secrets))
    }

    @Test(
        "wrong settings are refused with the path of the setting",
        arguments: [
            ("secrets", "{}"), ("secrets", #"{"secrets":[]}"#), ("secrets", #"{"secrets":null}"#),
            ("secrets", #"{"secrets":"text:w"}"#), ("secrets/0", #"{"secrets":["plain"]}"#),
            ("secrets/1", #"{"secrets":["text:w","text:"]}"#), ("secrets/0", #"{"secrets":[{"secret":"text:w"}]}"#),
            ("secret", #"{"secret":"text:w"}"#),
        ])
    func refused(path: String, callback: String) throws {
        let failure = try #require(throws: SettingsFailure.self) { try scheme(callback) }
        #expect(failure.path == "callback/" + path)
    }

    @Test func `nine secrets are one too many`() throws {
        let secrets = (1...9).map { #""text:w\#($0)""# }
        _ = try scheme(#"{"secrets":[\#(secrets.dropLast().joined(separator: ","))]}"#)
        let failure = try #require(throws: SettingsFailure.self) {
            try scheme(#"{"secrets":[\#(secrets.joined(separator: ","))]}"#)
        }
        #expect(failure.path == "callback/secrets")
    }

    @Test func `received is told by an empty 200`() {
        #expect(adapter.acknowledgement == CallbackAcknowledgement(status: 200))
    }
}
