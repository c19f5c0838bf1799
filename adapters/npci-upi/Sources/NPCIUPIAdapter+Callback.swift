public import AdapterKit
import Signing

extension NPCIUPIAdapter {
    public static let callbackSettings = [
        SettingDescription("organisation", "the facade's own id, which its callbacks carry", required: true),
        SettingDescription(
            "keys",
            "shared keys that sign callbacks: [{id, secret, not_before, not_after}], 1 to 8, each accepted while it is valid",
            required: true),
        SettingDescription("payload_key", "the facade's P-256 public key in PEM", required: true),
        SettingDescription("payload_signature_form", "how its signatures are written: raw (unless given) or der"),
    ]

    public func callbackScheme(_ settings: AdapterSettings) throws(SettingsFailure) -> CallbackScheme {
        try settings.allow(only: Self.callbackSettings.map(\.name))
        return .nonceSigned(
            try FacadeAccess.signing(settings, names: access.signing.names, "a P-256 public key in PEM") {
                NonceSignature.isPublicKey($0)
            })
    }

    public func events(from callback: VerifiedCallback) throws(CallbackFailure) -> [CallbackEvent] {
        [try event(in: callback.body)]
    }

    public func subjects(of callback: UnprovenCallback) throws(CallbackFailure) -> [CallbackSubject] {
        [try event(in: callback.body).subject]
    }

    public var acknowledgement: CallbackAcknowledgement {
        CallbackAcknowledgement(status: 200, contentType: "application/json", body: Array(#"{"ack":true}"#.utf8))
    }

    /// The facade gives events no id: a transaction, how it ended and its codes are the same on every repeat, and on nothing else.
    private func event(in body: [UInt8]) throws(CallbackFailure) -> CallbackEvent {
        guard let answer = try? TransactionAnswer(body, innerCodeMember: access.innerCodeMember), let end = answer.ending,
            answer.money.map({ Money.requestable.contains($0.minorUnits) }) ?? true
        else { throw CallbackFailure(reason: "unreadable_body") }
        guard let purpose = access.participant.purpose(of: answer.transaction) else {
            throw CallbackFailure(reason: "another_participant")
        }
        return CallbackEvent(
            id: ([answer.transaction, end.result.rawValue, end.code] + [end.innerCode].compactMap { $0 }).joined(separator: ":"),
            subject: purpose == .refund
                ? CallbackSubject(refund: nil, of: nil, gatewayReference: answer.transaction)
                : CallbackSubject(charge: nil, gatewayReference: answer.transaction),
            outcome: answer.outcome(purpose, of: answer.money ?? .unsaid, awaits: .gateway, .callback), money: answer.money)
    }
}
