/// What a gateway promises for payments, from its fact sheet. The runtime decides from these alone (contract, O3).
public struct Capabilities: Sendable, Equatable {
    /// For how long the same reference may be sent again.
    public enum Idempotency: Sendable, Equatable {
        case none
        case limited(Duration)
        case forever
    }

    /// How long after a charge a success may still come.
    public enum LateSuccess: Sendable, Equatable {
        case never
        case within(Duration)
    }

    public var operations: Set<OperationName>
    public var methods: Set<PaymentMethod.Kind>
    public var idempotency: Idempotency
    /// Whether the gateway can be asked by our own reference.
    public var inquiryByReference: Bool
    /// How long after the recorded end of the last attempt "not found" proves non-processing; `nil`: never.
    public var notFoundFinalAfter: Duration?
    /// How long the gateway accepts a signed request; `nil`: not declared.
    public var acceptsSignedRequestFor: Duration?
    /// Whether a charge can be taken back by void or refund.
    public var reversal: Bool
    public var lateSuccess: LateSuccess
    /// How long after the end of the payer's time to act a success may still come; `nil`: as `lateSuccess` says.
    public var lateSuccessAfterExpiry: Duration?

    public init(
        operations: Set<OperationName>, methods: Set<PaymentMethod.Kind>, idempotency: Idempotency, inquiryByReference: Bool,
        notFoundFinalAfter: Duration?, acceptsSignedRequestFor: Duration?, reversal: Bool, lateSuccess: LateSuccess,
        lateSuccessAfterExpiry: Duration? = nil
    ) {
        self.operations = operations
        self.methods = methods
        self.idempotency = idempotency
        self.inquiryByReference = inquiryByReference
        self.notFoundFinalAfter = notFoundFinalAfter
        self.acceptsSignedRequestFor = acceptsSignedRequestFor
        self.reversal = reversal
        self.lateSuccess = lateSuccess
        self.lateSuccessAfterExpiry = lateSuccessAfterExpiry
    }
}
