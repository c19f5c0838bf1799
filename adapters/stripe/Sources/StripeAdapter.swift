public import AdapterKit

/// Stripe's PaymentIntents and Refunds (protocols/stripe.md).
public struct StripeAdapter: GatewayAdapter {
    public static let name = "stripe"
    public static let summary =
        "Stripe: cards by token through PaymentIntents and Refunds; webhooks signed with Stripe-Signature."

    public static let settings = [
        SettingDescription("secret_key", "the secret or restricted key, sk_… or rk_…", required: true),
        SettingDescription("account", "what tells the account apart, such as acct_…; not sent", required: true),
        SettingDescription("stripe_account", "a connected account to act for, sent as Stripe-Account"),
        SettingDescription("api_version", "sent as Stripe-Version; \(StripeAccess.standardVersion) unless given"),
        SettingDescription("return_url", "where the payer comes back to after authentication"),
        SettingDescription(
            "late_success", "for how long an open payment may still succeed; 168h unless given, from 1h to 720h"),
    ]

    /// `id` is missing on purpose: payment methods have one too. So is `message`: it may name a person.
    public static let loggableMembers: Set<String> = [
        "object", "status", "amount", "amount_received", "currency", "type", "code", "decline_code", "reference", "payment",
        "capture_method",
    ]

    public let authentication: Authentication
    public let account: [String]
    let access: StripeAccess

    public init(settings: AdapterSettings) throws(SettingsFailure) {
        access = try StripeAccess(settings)
        authentication = .bearer(access.key)
        account = [access.account] + (access.connected.map { [$0] } ?? [])
    }

    /// protocols/stripe.md, 2 and 3. The search by metadata lags behind, so that it proves nothing and is not used: whoever wants
    /// to know what became of a request sends it again with its key.
    public var capabilities: Capabilities {
        Capabilities(
            operations: [.payment, .authorize, .capture, .void, .refund, .inquiry, .reversal], methods: [.card],
            idempotency: .limited(.seconds(86_400)), inquiryByReference: false, notFoundFinalAfter: nil,
            acceptsSignedRequestFor: nil, reversal: true, lateSuccess: .within(access.lateSuccess))
    }
}
