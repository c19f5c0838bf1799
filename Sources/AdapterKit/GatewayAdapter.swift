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

    /// For `accountValidation`.
    func accountAnswer(of response: GatewayResponse, for operation: Operation) -> AccountAnswer
}

extension GatewayAdapter {
    public func accountAnswer(of response: GatewayResponse, for operation: Operation) -> AccountAnswer {
        .unanswered(reason: "not_supported")
    }
}
