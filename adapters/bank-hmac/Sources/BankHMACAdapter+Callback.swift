public import AdapterKit

extension BankHMACAdapter {
    public static let callbackSettings = [
        SettingDescription(
            "keys",
            "keys that sign callbacks: [{id, secret, not_before, not_after}], 1 to 8, each accepted while it is valid; "
                + "may be left out only where a client certificate or `hint` stands in")
    ]

    public func callbackScheme(_ settings: AdapterSettings) throws(SettingsFailure) -> CallbackScheme {
        try settings.allow(only: Self.callbackSettings.map(\.name))
        let keys = try settings.signingKeys("keys")
        return keys.isEmpty ? .unsigned : .hmacV1(keys)
    }

    /// The event's id stands in the body and, where it is signed, in a header: two that differ are two events or a forgery.
    public func events(from callback: VerifiedCallback) throws(CallbackFailure) -> [CallbackEvent] {
        let event = try Self.event(in: callback.body)
        guard callback.eventID == nil || callback.eventID == event.id else {
            throw CallbackFailure(reason: "event_id_mismatch")
        }
        return [event]
    }

    public func subjects(of callback: UnprovenCallback) throws(CallbackFailure) -> [CallbackSubject] {
        [try Self.event(in: callback.body).subject]
    }

    public var acknowledgement: CallbackAcknowledgement { CallbackAcknowledgement(status: 204) }

    private static func event(in body: [UInt8]) throws(CallbackFailure) -> CallbackEvent {
        let event: CallbackEvent?
        do { event = try CallbackBody(body).event() } catch { throw CallbackFailure(reason: "unreadable_body") }
        guard let event else { throw CallbackFailure(reason: "unknown_type") }
        return event
    }
}
