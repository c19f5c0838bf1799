import Synchronization

/// Which of our references each transaction id stands for: the ledger knows charges and refunds by ours alone.
final class TransactionBook: Sendable {
    struct Entry: Equatable {
        /// Of the charge or refund.
        let reference: String
        /// Of the charge that is refunded; `nil`: this is a charge.
        let refundOf: String?
    }

    /// Transactions that are kept; one more is taken and cannot be asked about.
    private static let maximum = 1_000_000

    private struct State {
        var entries: [String: Entry] = [:]
        var transactions: [String: String] = [:]
    }

    private let state = Mutex(State())

    subscript(transaction: String) -> Entry? { state.withLock { $0.entries[transaction] } }

    /// The transaction id of a charge or refund.
    func transaction(of reference: String) -> String? { state.withLock { $0.transactions[reference] } }

    /// - Returns: `false` where the id stands for another charge or refund.
    func note(_ transaction: String, _ entry: Entry) -> Bool {
        state.withLock { state in
            if let known = state.entries[transaction] { return known == entry }
            guard state.entries.count < Self.maximum else { return true }
            state.entries[transaction] = entry
            if state.transactions[entry.reference] == nil { state.transactions[entry.reference] = transaction }
            return true
        }
    }

    func reset() { state.withLock { $0 = State() } }
}
