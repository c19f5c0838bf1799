import AdapterKit
import BankHMAC

extension BankHMACAdapter {
    /// An adapter with the settings of the test vectors, or others.
    static func sample(
        _ settings: String = #"{"tenant":"acme-123","key_id":"k1","secret":"text:k3y-for-tests-only"}"#
    ) throws -> BankHMACAdapter {
        try BankHMACAdapter(settings: section(settings))
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
