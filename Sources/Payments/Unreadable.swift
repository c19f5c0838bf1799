import Logging
import Metrics

/// The alert for what is stored and stays closed: nothing stops for it, and nobody may miss it.
enum Unreadable {
    /// - Parameter record: its id.
    static func report(_ record: String, _ failure: VaultFailure, _ logger: Logger) {
        Counter(label: "drawbridge_records_unreadable_total", dimensions: [("reason", failure.reason.rawValue)]).increment()
        logger.error("record cannot be opened", metadata: ["record": "\(record)", "reason": "\(failure.reason.rawValue)"])
    }
}
