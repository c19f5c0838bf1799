public import AdapterKit

/// Whether a payment may leave a gateway for another one (O1, O4, R6). Decided from the gateway's capabilities alone (O3).
public enum FailoverSafety: Sendable, Equatable {
    /// Also out of `unknown`: "not found" proves non-processing so long after the end of the last attempt.
    case provable(after: Duration)
    /// Only when an attempt certainly was not processed; out of `unknown` the payment waits at the gateway.
    case onlyNotProcessed(Reason)
    /// An `unknown` outcome there can neither be asked about nor taken back: the payment would wait for an operator.
    case never

    public enum Reason: String, Sendable {
        case noInquiry = "it cannot be asked by our reference"
        case notFoundProvesNothing = "its \"not found\" never proves that nothing happened"
        case lateSuccessCannotBeReversed = "a late success there could not be given back"
    }
}

extension Capabilities {
    public var failover: FailoverSafety {
        guard inquiryByReference || reversal else { return .never }
        guard inquiryByReference else { return .onlyNotProcessed(.noInquiry) }
        guard let delay = notFoundFinalAfter else { return .onlyNotProcessed(.notFoundProvesNothing) }
        if case .within(let late) = lateSuccess, late > delay, !reversal {
            return .onlyNotProcessed(.lateSuccessCannotBeReversed)
        }
        return .provable(after: delay)
    }
}
