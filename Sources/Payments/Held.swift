import AdapterKit

/// Whoever waits for the answer. In recovery nobody does.
struct Caller: Sendable {
    let call: Call
    let first: FirstAnswer<Answer?>

    /// Whether it was told something already: the deadline's 202, or the answer.
    var isAnswered: Bool { first.isGiven }
}

/// A payment, or one of its operations, in the hands of whoever holds its lease: as it is stored, and what is to be written to it.
/// A change is a function, so that it can be made again to whatever somebody else has stored meanwhile (R2).
struct Held: Sendable {
    /// - Parameter decides: whether the lease is still held. A gateway's word is written in any case, a decision only then.
    typealias Change = @Sendable (inout Work, _ decides: Bool) -> Void

    struct Work: Sendable, Equatable {
        private static let noOperation = Boxed<OperationRecord?>(wrappedValue: nil)

        @Boxed var payment: PaymentRecord
        @Boxed var operation: OperationRecord?

        init(payment: PaymentRecord, operation: OperationRecord? = nil) {
            self.init(payment: Boxed(wrappedValue: payment), operation: operation)
        }

        init(_ stored: StoredWork) { self.init(payment: stored.payment.$record, operation: stored.operation?.record) }

        /// Nothing where there is no operation.
        mutating func changeOperation(_ change: (inout OperationRecord, inout PaymentRecord) -> Void) {
            guard var operation else { return }
            change(&operation, &payment)
            self.operation = operation
        }

        private init(payment: Boxed<PaymentRecord>, operation: OperationRecord?) {
            _payment = payment
            _operation = operation == nil ? Self.noOperation : Boxed(wrappedValue: operation)
        }
    }

    private(set) var stored: StoredWork
    private(set) var work: Work
    private var changes: [Change] = []
    let lease: Lease
    /// On the monotonic clock, counted from before it was asked for (R1).
    var leaseEnd: Duration
    private(set) var decides = true
    let caller: Caller?
    /// What the sealed part of the payment holds, where it was sealed here: it need not be opened to be shown.
    let details: OpenDetails?

    init(_ stored: StoredWork, lease: Lease, claimed: Duration, caller: Caller?, details: OpenDetails? = nil) {
        self.stored = stored
        self.work = Work(stored)
        self.lease = lease
        self.leaseEnd = claimed + lease.duration
        self.caller = caller
        self.details = details
        self.cause = caller == nil ? .reconciliation : .response
        self.mark = nil
    }

    /// Nobody's: what a gateway said is written, and nothing is decided.
    init(word stored: StoredWork, cause: HistoryEntry.Cause = .reconciliation, mark: CallbackMark? = nil) {
        self.stored = stored
        self.work = Work(stored)
        self.lease = Lease(token: "", duration: .zero)
        self.leaseEnd = .zero
        self.caller = nil
        self.details = nil
        self.cause = cause
        self.mark = mark
        self.decides = false
    }

    var payment: PaymentRecord { work.payment }
    var operation: OperationRecord? { work.operation }
    var original: Work { Work(stored) }
    /// Whether there is anything to write; a reversal that is due is.
    var hasChanges: Bool { work != original || (stored.operation == nil && !work.payment.reversalsDue.isEmpty) }
    let cause: HistoryEntry.Cause
    /// Of the callback that is taken in with it.
    let mark: CallbackMark?

    mutating func change(_ change: @escaping Change) {
        change(&work, decides)
        changes.append(change)
    }

    /// Takes back changes that were not written and are not to be.
    mutating func forgetChanges(after count: Int) {
        changes.removeLast(max(0, changes.count - count))
        replay()
    }

    var changeCount: Int { changes.count }

    /// All of it was written.
    mutating func wrote(_ work: Work, leaseEnd: Duration?) {
        stored.payment.$record = work.$payment
        if let operation = work.operation {
            stored.operation?.record = operation
            if stored.operation == nil { stored.operation = StoredOperation(record: operation) }
        }
        self.work = work
        changes = []
        if let leaseEnd { self.leaseEnd = leaseEnd }
    }

    /// Somebody else has written meanwhile.
    mutating func rebase(on payment: StoredPayment, _ operation: StoredOperation?) {
        stored.payment = payment
        if let operation { stored.operation = operation }
        let holder = stored.operation == nil ? payment.holder : stored.operation?.holder
        // Lost, or run out: who cannot be sure to hold it decides nothing (R1).
        if holder != lease.token { decides = false }
        replay()
    }

    private mutating func replay() {
        work = original
        for change in changes { change(&work, decides) }
    }
}
