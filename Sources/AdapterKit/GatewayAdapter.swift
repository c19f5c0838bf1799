/// The operation cannot be put into this gateway's protocol; nothing was sent.
public struct EncodingFailure: Error, Sendable, Equatable {
    /// What cannot be said, for the caller: names members, never values.
    public let reason: String
    public init(reason: String) { self.reason = reason }
}

/// One setting of an adapter, as `drawbridge adapters` lists it.
public struct SettingDescription: Sendable, Equatable {
    public let name: String
    public let summary: String
    public let required: Bool

    public init(_ name: String, _ summary: String, required: Bool = false) {
        self.name = name
        self.summary = summary
        self.required = required
    }
}

/// Translates between the normalised operations and one gateway's protocol. Pure: no I/O, no clock, no randomness, no keys.
public protocol GatewayAdapter: Sendable {
    /// The adapter's name in the configuration.
    static var name: String { get }
    /// One sentence for people choosing an adapter.
    static var summary: String { get }
    static var settings: [SettingDescription] { get }
    /// JSON members whose values may be logged. Everything else of a message is blanked.
    static var loggableMembers: Set<String> { get }

    /// - Throws: `SettingsFailure` naming the setting and what was expected.
    init(settings: AdapterSettings) throws(SettingsFailure)

    var capabilities: Capabilities { get }
    var authentication: Authentication { get }
    /// What tells one account at this gateway from another; no secrets. Part of the identity stored with each attempt (O5).
    var account: [String] { get }

    /// Deterministic: the same operation gives the same bytes.
    func request(for operation: Operation) throws(EncodingFailure) -> GatewayRequest

    /// For operations that move money. Total: an answer that cannot be read is `.unknown`, never a decline.
    func outcome(of response: GatewayResponse, for operation: Operation) -> Outcome

    /// For `inquiry` and `refundInquiry`. Total: anything but the charge or a final "not found" is `.unanswered`.
    func inquiryAnswer(of response: GatewayResponse, for operation: Operation) -> InquiryAnswer

    /// Reads the answer to a session's request; `nil` where it gives no token. OAuth 2.0 unless the adapter says otherwise.
    func token(of response: GatewayResponse) -> SessionToken?

    /// For `accountValidation`.
    func accountAnswer(of response: GatewayResponse, for operation: Operation) -> AccountAnswer

    /// The adapter's own keys of a gateway's `callback` section. Those that all have (`tolerance`, `allowed_networks`,
    /// `client_certificate_subject`, `hint`) are read by the runtime and not listed here.
    static var callbackSettings: [SettingDescription] { get }

    /// How the gateway proves its callbacks.
    /// - Parameter settings: the `callback` section without what all have.
    /// - Throws: `SettingsFailure` naming the setting and what was expected.
    func callbackScheme(_ settings: AdapterSettings) throws(SettingsFailure) -> CallbackScheme

    /// What a proven callback says; empty where it is no news for us.
    /// - Throws: `CallbackFailure` when the body cannot be read: it is kept for the operator.
    func events(from callback: VerifiedCallback) throws(CallbackFailure) -> [CallbackEvent]

    /// Whom an unproven callback speaks of.
    func subjects(of callback: UnprovenCallback) throws(CallbackFailure) -> [CallbackSubject]

    /// What the gateway takes as received.
    var acknowledgement: CallbackAcknowledgement { get }
}

extension GatewayAdapter {
    public static var callbackSettings: [SettingDescription] { [] }

    /// An adapter without callbacks has no `callback` section.
    public func callbackScheme(_ settings: AdapterSettings) throws(SettingsFailure) -> CallbackScheme {
        throw settings.failure(of: "", expected: "no callback section; the adapter \(Self.name) takes no callbacks")
    }

    public func events(from callback: VerifiedCallback) throws(CallbackFailure) -> [CallbackEvent] {
        throw CallbackFailure(reason: "not_supported")
    }

    public func subjects(of callback: UnprovenCallback) throws(CallbackFailure) -> [CallbackSubject] {
        throw CallbackFailure(reason: "not_supported")
    }

    public var acknowledgement: CallbackAcknowledgement { CallbackAcknowledgement(status: 204) }

    public func token(of response: GatewayResponse) -> SessionToken? { SessionToken(oauth2: response) }

    public func accountAnswer(of response: GatewayResponse, for operation: Operation) -> AccountAnswer {
        .unanswered(reason: "not_supported")
    }
}
