import AdapterKit

/// Who we are at Stripe and how we want to be answered, as the settings say it.
struct StripeAccess {
    static let standardVersion = "2026-10-28.endive"
    /// PROPOSED: `processing` and `requires_action` have no published end (protocols/stripe.md, 2: authorisations last about 7 days).
    static let standardLateSuccess = Duration.seconds(7 * 86_400)
    /// Bytes.
    static let maximumReturnURL = 2048

    let key: Secret
    let account: String
    let connected: String?
    let version: String
    let returnURL: String?
    let lateSuccess: Duration

    init(_ settings: AdapterSettings) throws(SettingsFailure) {
        try settings.allow(only: StripeAdapter.settings.map(\.name))
        guard let key = try settings.secret("secret_key") else {
            throw settings.failure(of: "secret_key", expected: "a secret; it is required")
        }
        self.key = key
        account = try settings.headerValue("account")
        connected = try settings.text("stripe_account") == nil ? nil : settings.headerValue("stripe_account")
        version = try settings.text("api_version") == nil ? Self.standardVersion : settings.headerValue("api_version")
        returnURL = try Self.returnURL(in: settings)
        lateSuccess =
            try settings.duration("late_success", in: .seconds(3600)...(.seconds(30 * 86_400))) ?? Self.standardLateSuccess
    }

    /// An app may come back by a scheme of its own.
    private static func returnURL(in settings: AdapterSettings) throws(SettingsFailure) -> String? {
        guard let url = try settings.text("return_url") else { return nil }
        guard url.contains("://"), url.utf8.count <= maximumReturnURL, url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw settings.failure(of: "return_url", expected: "a URL of at most \(maximumReturnURL) ASCII characters")
        }
        return url
    }
}
