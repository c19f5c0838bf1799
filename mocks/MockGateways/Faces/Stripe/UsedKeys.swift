import Synchronization

/// What was begun under each `Idempotency-Key` (protocols/stripe.md, 3).
final class UsedKeys: Sendable {
    /// Keys that are kept; more are forgotten all at once, as if a day had passed.
    private static let maximum = 1_000_000

    private struct Use {
        let request: [UInt8]
        /// Kept only where it is repeated whatever became of the charge or refund since.
        let reply: Reply?
    }

    enum Standing: Equatable {
        case new
        /// The same request was begun under it.
        case repeated(Reply?)
        /// Another one was.
        case usedOtherwise
    }

    private let uses = Mutex<[String: Use]>([:])

    func standing(of key: String, _ request: [UInt8]) -> Standing {
        guard let use = uses.withLock({ $0[key] }) else { return .new }
        return use.request == request ? .repeated(use.reply) : .usedOtherwise
    }

    /// The first answer to a request stays.
    func remember(_ key: String, _ request: [UInt8], _ reply: Reply?) {
        uses.withLock { uses in
            guard uses[key] == nil else { return }
            if uses.count >= Self.maximum { uses = [:] }
            uses[key] = Use(request: request, reply: reply)
        }
    }

    func forget() { uses.withLock { $0 = [:] } }
}
