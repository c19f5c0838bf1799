public import AdapterKit

/// Keys that overlap in time, so that they rotate without a gap.
public struct KeyRing: Sendable {
    /// How far the validity of a key is widened when an answer is verified: the other side's clock and rotation are not ours.
    public static let answerGrace = Duration.seconds(24 * 3600)

    private let keys: [SigningKey]

    public init(_ keys: [SigningKey]) { self.keys = keys }

    /// The newest key that is valid now: the one with the latest start, and of those that start together the one listed last.
    public func signing(at now: Timestamp) -> SigningKey? {
        var newest: SigningKey?
        for key in keys where Self.isValid(key, at: now) {
            if let current = newest, (current.notBefore?.milliseconds ?? .min) > (key.notBefore?.milliseconds ?? .min) {
                continue
            }
            newest = key
        }
        return newest
    }

    /// The keys with this id that may verify now.
    public func verifying(id: String, at now: Timestamp) -> [SigningKey] {
        keys.filter { $0.id == id && Self.isValid($0, at: now) }
    }

    /// Every key that may verify an answer now, its validity widened by `answerGrace` either side.
    public func verifyingAnswers(at now: Timestamp) -> [SigningKey] {
        keys.filter { Self.isValid($0, at: now, widenedBy: Self.answerGrace) }
    }

    private static func isValid(_ key: SigningKey, at now: Timestamp, widenedBy grace: Duration = .zero) -> Bool {
        if let start = key.notBefore, now + grace < start { return false }
        if let end = key.notAfter, now >= end + grace { return false }
        return true
    }
}
