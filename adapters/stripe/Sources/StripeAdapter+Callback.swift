public import AdapterKit

extension StripeAdapter {
    public static let callbackSettings = [
        SettingDescription(
            "secrets", "secrets of the webhook endpoint, whsec_…: [env:NEW, env:OLD], 1 to 8; two while one is rolled",
            required: true)
    ]

    /// protocols/stripe.md, 5.
    public func callbackScheme(_ settings: AdapterSettings) throws(SettingsFailure) -> CallbackScheme {
        try settings.allow(only: Self.callbackSettings.map(\.name))
        let secrets = try settings.secrets("secrets")
        guard !secrets.isEmpty else {
            throw settings.failure(of: "secrets", expected: "1 to \(AdapterSettings.maximumKeys) secrets")
        }
        return .timestamped(header: "Stripe-Signature", secrets: secrets)
    }

    public func events(from callback: VerifiedCallback) throws(CallbackFailure) -> [CallbackEvent] {
        try Self.events(in: callback.body)
    }

    public func subjects(of callback: UnprovenCallback) throws(CallbackFailure) -> [CallbackSubject] {
        try Self.events(in: callback.body).map(\.subject)
    }

    /// Any status of 200 to 299 will do.
    public var acknowledgement: CallbackAcknowledgement { CallbackAcknowledgement(status: 200) }

    private static func events(in body: [UInt8]) throws(CallbackFailure) -> [CallbackEvent] {
        do { return try StripeEvent(body).news.map { [$0] } ?? [] } catch { throw CallbackFailure(reason: "unreadable_body") }
    }
}
