public import AdapterKit

/// A bank that signs with HMAC over mutual TLS (protocols/bank-hmac.md).
public struct BankHMACAdapter: GatewayAdapter {
    public static let name = "bank-hmac"
    public static let summary =
        "A bank that signs JSON over mutual TLS with HMAC-SHA-256 (scheme v1); the project's reference bank."

    public static let settings = [
        SettingDescription("tenant", "our client id at the bank, sent as X-Tenant-Id", required: true),
        SettingDescription("key_id", "id of the one signing key; with `secret`, instead of `keys`"),
        SettingDescription("secret", "secret of the one signing key"),
        SettingDescription(
            "keys", "signing keys that rotate: [{id, secret, not_before, not_after}], 1 to 8; the newest valid one signs"),
        SettingDescription("verify_responses", "whether an answer without a valid signature is refused; true unless given"),
    ]

    /// `message` and `holder_name` are missing on purpose: the bank's text may name a person.
    public static let loggableMembers: Set<String> = [
        "reference", "bank_reference", "status", "amount", "currency", "capture", "captured_amount", "refunded_amount", "code",
        "type",
        "valid",
    ]

    public let authentication: Authentication
    public let account: [String]

    public init(settings: AdapterSettings) throws(SettingsFailure) {
        let account = try BankAccess(settings)
        self.account = [account.tenant]
        authentication = .hmacV1(
            .init(tenant: account.tenant, keys: account.keys, verifiesResponses: account.verifiesResponses))
    }

    /// protocols/bank-hmac.md, the paragraphs below "Operations".
    /// Held ready: they are asked for several times with every payment.
    public let capabilities = Capabilities(
        operations: Set(OperationName.allCases), methods: Set(PaymentMethod.Kind.allCases), idempotency: .forever,
        inquiryByReference: true, notFoundFinalAfter: .seconds(2), acceptsSignedRequestFor: .seconds(300), reversal: true,
        lateSuccess: .within(.seconds(300)))
}
