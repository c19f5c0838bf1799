public import AdapterKit

/// UPI through a REST facade in front of NPCI's switch (protocols/npci-upi.md, 1B and on).
public struct NPCIUPIAdapter: GatewayAdapter {
    public static let name = "npci-upi"
    public static let summary =
        "UPI through the NPCI facade: JSON over mutual TLS, signed with a nonce, HMAC-SHA-256 and ECDSA; payments end by callback."

    public static let settings =
        [
            SettingDescription("organisation", "our id at the facade, sent with every request", required: true),
            SettingDescription(
                "participant_code", "3 letters or digits that every transaction id of ours begins with", required: true),
            SettingDescription(
                "keys",
                "shared keys that sign requests: [{id, secret, not_before, not_after}], 1 to 8; the newest valid one signs",
                required: true),
            SettingDescription("payload_key", "our P-256 private key in PEM, which signs every request too", required: true),
            SettingDescription("payload_signature_form", "how its signatures are written: raw (unless given) or der"),
            SettingDescription("collect_expiry", "how long a collect request lives at the facade; 30m unless given"),
            SettingDescription(
                "not_found_margin", "how long after the expiry \"not found\" becomes final; 90s unless given"),
            SettingDescription("late_success", "how long after a payment a success may still come; 48h unless given"),
            SettingDescription("refunds", "whether the facade takes refunds; true unless given"),
            SettingDescription(
                "check_vpa", "whether addresses are held to the usual form before they are sent; true unless given"),
            SettingDescription(
                "inner_code_member", "member that holds the bank's code within U30 and U31; refRespCode unless given"),
        ] + FacadeHeaders.settings

    /// VPAs, names and notes are missing on purpose.
    public static let loggableMembers: Set<String> = [
        "txnId", "orgTxnId", "refId", "type", "amount", "currency", "ack", "status", "result", "respCode", "errCode",
        "refRespCode", "rrn",
    ]

    let access: FacadeAccess

    public init(settings: AdapterSettings) throws(SettingsFailure) { access = try FacadeAccess(settings) }

    public var authentication: Authentication { .nonceSigned(access.signing) }

    public var account: [String] { [access.signing.sender, access.participant.code] }

    /// protocols/npci-upi.md, 3 and 4; README.md there, "Capabilities".
    public var capabilities: Capabilities {
        Capabilities(
            operations: Set([.payment, .inquiry, .accountValidation] + (access.takesRefunds ? [.refund] : [])), methods: [.upi],
            idempotency: .none, inquiryByReference: true, notFoundFinalAfter: access.notFoundFinalAfter,
            acceptsSignedRequestFor: nil, reversal: false, lateSuccess: .within(access.lateSuccess))
    }
}
