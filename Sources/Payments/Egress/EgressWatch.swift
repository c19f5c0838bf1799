public import Logging
internal import Metrics
internal import Synchronization

/// Tells the log and the metrics of addresses that were denied. Any thread may call it; it never waits.
public final class EgressWatch: Sendable {
    private struct Subject: Hashable {
        let purpose: String
        let reason: EgressDenial.Reason
        let mode: EgressDenial.Mode
    }

    /// Between two lines about the same: a gateway that is tried without end must not fill the log. The metric counts them all.
    private static let pause = Duration.seconds(1)

    private let time: any TimeSource
    private let logger: Logger
    /// As many as there are purposes in the configuration, times reasons and modes.
    private let nextLine = Mutex<[Subject: Duration]>([:])

    public init(time: any TimeSource, logger: Logger) {
        self.time = time
        self.logger = logger
    }

    public func note(_ denial: EgressDenial) {
        Counter(
            label: "drawbridge_egress_denied_total",
            dimensions: [
                ("gateway", denial.purpose), ("reason", denial.reason.code.rawValue), ("mode", denial.mode.rawValue),
            ]
        ).increment()
        guard isDue(denial) else { return }
        logger.warning(
            "egress denied",
            metadata: [
                "gateway": "\(denial.purpose)", "host": "\(denial.host)", "address": "\(denial.address)",
                "reason": "\(denial.reason.code.rawValue)", "mode": "\(denial.mode.rawValue)",
            ])
    }

    private func isDue(_ denial: EgressDenial) -> Bool {
        let subject = Subject(purpose: denial.purpose, reason: denial.reason, mode: denial.mode)
        let now = time.monotonic()
        return nextLine.withLock { nextLine in
            if let next = nextLine[subject], now < next { return false }
            nextLine[subject] = now + Self.pause
            return true
        }
    }
}
