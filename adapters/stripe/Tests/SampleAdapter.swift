import AdapterKit
import Stripe

extension StripeAdapter {
    /// An adapter with the least that it needs, or other settings.
    static func sample(
        _ settings: String = #"{"secret_key":"text:sk_test_1","account":"acct_1"}"#
    ) throws -> StripeAdapter {
        try StripeAdapter(settings: section(settings))
    }

    /// A section of the configuration in which a secret is `text:…`.
    static func section(_ json: String, path: String = "") throws -> AdapterSettings {
        AdapterSettings(values: try JSON(parsing: Array(json.utf8)), path: path, secrets: plainText)
    }

    private static let plainText: AdapterSettings.SecretSource = { reference throws(AdapterSettings.SecretFailure) in
        guard reference.hasPrefix("text:") else { throw AdapterSettings.SecretFailure(expected: "text:") }
        return Secret(text: String(reference.dropFirst(5)))
    }
}
