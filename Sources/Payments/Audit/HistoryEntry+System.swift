public import AdapterKit

extension HistoryEntry {
    private static let longestReason = 500

    /// Of a replica's own life, for the trail of the configuration: `configuration.reloaded`, `configuration.reload_refused`,
    /// `keys.reloaded`, `replica.started`, `replica.stopped`.
    /// - Parameters:
    ///   - actor: what asked for it: `signal`, `file`; `nil` where nothing did.
    ///   - before: the digest of the configuration until then.
    ///   - reason: cut at 500 characters, without what looks like a card number. Never a value of the configuration.
    public static func system(
        _ event: String, of replica: String, by actor: String? = nil, from before: String? = nil, to after: String? = nil,
        reason: String? = nil, at now: Timestamp
    ) -> HistoryEntry {
        HistoryEntry(
            at: now, version: 0, event: event, cause: .system, actor: actor, object: replica, from: before, to: after,
            reason: reason.map { CardNumberMask.mask(String($0.prefix(longestReason))) })
    }
}
