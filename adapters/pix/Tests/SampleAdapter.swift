import AdapterKit
import Pix

extension PixAdapter {
    static let leastSettings =
        #""token_url":"https://pix.example.com/oauth/token","client_id":"c-1","client_secret":"text:s3cret-for-tests","key":"our-key""#

    /// An adapter with the least settings and these.
    static func sample(_ more: String = "") throws -> PixAdapter {
        try PixAdapter(settings: section("{\(leastSettings)\(more.isEmpty ? "" : ",")\(more)}"))
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

/// The references of the samples, in both forms.
enum Sample {
    static let tail = String(repeating: "0", count: 25) + "1"
    static let charge = "pay_" + tail
    static let txid = "pay" + tail
    static let refund = "ref_" + tail
    static let endToEndID = "E12345678202601010000abcdef12345"
}
