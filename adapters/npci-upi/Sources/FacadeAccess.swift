import AdapterKit
import Signing

/// Who we are at the facade, and what it was agreed to promise, as the settings say it.
struct FacadeAccess {
    let signing: NonceSigned
    let participant: Participant
    let notFoundFinalAfter: Duration
    let lateSuccess: Duration
    let takesRefunds: Bool
    let checksVPA: Bool
    let innerCodeMember: String

    init(_ settings: AdapterSettings) throws(SettingsFailure) {
        try settings.allow(only: NPCIUPIAdapter.settings.map(\.name))
        signing = try Self.signing(settings, names: FacadeHeaders.names(in: settings), "a P-256 private key in PEM") {
            NonceSignature.isPrivateKey($0)
        }
        guard let participant = Participant(code: try settings.requiredText("participant_code")) else {
            throw settings.failure(of: "participant_code", expected: "3 letters or digits")
        }
        self.participant = participant
        let expiry = try settings.duration("collect_expiry", in: .seconds(60)...Self.longest) ?? .seconds(1800)
        notFoundFinalAfter = expiry + (try settings.duration("not_found_margin", in: .seconds(1)...Self.longest) ?? .seconds(90))
        lateSuccess = try settings.duration("late_success", in: .seconds(60)...Self.longest) ?? .seconds(172_800)
        takesRefunds = try settings.flag("refunds", default: true)
        checksVPA = try settings.flag("check_vpa", default: true)
        innerCodeMember = try settings.text("inner_code_member") ?? "refRespCode"
    }

    /// 31 days.
    private static let longest = Duration.seconds(31 * 86_400)

    /// What the settings and the `callback` section have in common.
    /// - Parameter key: what `payload_key` must be, in words and in deed.
    static func signing(
        _ settings: AdapterSettings, names: NonceSigned.Names, _ key: String, isKey: (Secret) -> Bool
    ) throws(SettingsFailure) -> NonceSigned {
        let sender = try settings.headerValue("organisation")
        let keys = try settings.signingKeys("keys")
        guard !keys.isEmpty else {
            throw settings.failure(of: "keys", expected: "1 to \(AdapterSettings.maximumKeys) keys; they are required")
        }
        guard let payloadKey = try settings.secret("payload_key"), isKey(payloadKey) else {
            throw settings.failure(of: "payload_key", expected: "\(key); it is required")
        }
        let form = try settings.word("payload_signature_form", default: NonceSigned.Payload.Form.raw)
        return NonceSigned(names: names, sender: sender, keys: keys, payload: .init(key: payloadKey, form: form))
    }
}
