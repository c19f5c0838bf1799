public import AdapterKit

/// The receiving side of Pix as the central bank of Brazil standardises it (protocols/pix.md): charges that a payer settles by QR
/// code, and their refunds, behind OAuth 2.0 and mutual TLS.
public struct PixAdapter: GatewayAdapter {
    public static let name = "pix"
    public static let summary =
        "A Brazilian payment service provider with the standard Pix API (version 2): charges by QR code, refunds, webhooks."

    public static let settings = [
        SettingDescription("token_url", "where the provider gives out OAuth 2.0 tokens; https", required: true),
        SettingDescription("client_id", "our client id there", required: true),
        SettingDescription("client_secret", "its secret", required: true),
        SettingDescription("scope", "what to ask a token for; \"\(Account.standardScope)\" unless given"),
        SettingDescription("key", "our Pix key (chave), credited where a payment names none", required: true),
        SettingDescription("max_expires_in", "the longest life of a charge, 60s to 720h; 24h unless given"),
        SettingDescription("late_margin", "how long after its end a charge may still be paid, 1s to 24h; 10m unless given"),
        SettingDescription(
            "not_found_final_after",
            "how long after an attempt \"not found\" proves that it did nothing, 1s to 1h; 5s unless given"
        ),
    ]

    /// `chave`, `devedor` and `valor` are missing on purpose: the first two tell who is paid and who pays, and a violation quotes
    /// what it refuses as `valor`.
    public static let loggableMembers: Set<String> = [
        "txid", "endToEndId", "rtrId", "id", "status", "revisao", "criacao", "expiracao", "original", "solicitacao", "liquidacao",
        "type", "propriedade", "correlationId",
    ]

    public let authentication: Authentication
    public let account: [String]
    let own: Account

    public init(settings: AdapterSettings) throws(SettingsFailure) {
        own = try Account(settings)
        account = [own.clientID, own.key]
        authentication = .session(
            .clientCredentials(at: own.tokenURL, client: own.clientID, secret: own.clientSecret, scope: own.scope))
    }

    /// protocols/pix.md, 2 and 3, and the line of protocols/README.md. Nothing is signed, so no time is promised for signatures.
    public var capabilities: Capabilities {
        Capabilities(
            operations: [.payment, .void, .refund, .inquiry, .reversal], methods: [.pix], idempotency: .forever,
            inquiryByReference: true, notFoundFinalAfter: own.notFoundFinalAfter, acceptsSignedRequestFor: nil, reversal: true,
            lateSuccess: .within(own.maximumLife + own.lateMargin), lateSuccessAfterExpiry: own.lateMargin)
    }
}
