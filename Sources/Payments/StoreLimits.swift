/// Bounds that every payment store keeps.
public enum StoreLimits {
    /// Captures, voids and refunds of one payment, refused ones included. One more is `StoreFailure.Code.full`.
    public static let operationsPerPayment = 1_000
    /// Payments remembered under one tenant's reference; the oldest are no longer listed.
    public static let paymentsPerReference = 1_000
    /// Changes of one payment that are remembered; the oldest go first.
    public static let historyEntries = 500
    /// Entries of one gateway, one tenant, or the configuration that are remembered; the oldest go first.
    public static let auditEntries = 10_000
    /// Callback events of one payment that are remembered with it; the oldest go first.
    public static let callbackMarks = 200
    /// Operators' decisions about callbacks that are remembered; the oldest go first.
    public static let callbackDecisions = 10_000
    /// Callbacks that wait for one payment.
    public static let waitingCallbacks = 100
}

extension PaymentRecord.Status {
    /// Whether something is still expected to happen of itself: such a payment is kept however old it is.
    public var isOpen: Bool {
        switch self {
        case .processing, .queued, .requiresAction, .manualReview: true
        case .authorized, .succeeded, .failed, .canceled: false
        }
    }
}

extension OperationRecord.Status {
    public var isFinal: Bool {
        switch self {
        case .succeeded, .failed: true
        case .processing, .manualReview: false
        }
    }
}
