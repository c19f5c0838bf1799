/// A payment, or one of its operations: what a lease is held of.
public struct WorkID: Sendable, Hashable, CustomStringConvertible {
    public let payment: PaymentID
    /// `nil`: the payment itself.
    public let operation: OperationID?

    public init(_ payment: PaymentID, _ operation: OperationID? = nil) {
        self.payment = payment
        self.operation = operation
    }

    /// `pay_…` or `pay_…/ref_…`.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let payment = parts.first.flatMap({ PaymentID(String($0)) }) else { return nil }
        let operation = parts.count > 1 ? OperationID(String(parts[1])) : nil
        guard parts.count == 1 || operation != nil else { return nil }
        self.init(payment, operation)
    }

    public var description: String { operation.map { "\(payment)/\($0)" } ?? payment.text }
}

/// Work whose time has come.
public struct DueWork: Sendable, Equatable {
    public let id: WorkID
    /// The gateway it is about: each has a lane of its own, so that one that hangs delays only itself (R8). Empty: none yet.
    public let lane: String

    public init(id: WorkID, lane: String) {
        self.id = id
        self.lane = lane
    }
}

/// A payment, with the operation where the work is one.
public struct StoredWork: Sendable, Equatable {
    public var payment: StoredPayment
    public var operation: StoredOperation?

    public init(payment: StoredPayment, operation: StoredOperation? = nil) {
        self.payment = payment
        self.operation = operation
    }
}

public enum TakeResult: Sendable, Equatable {
    case taken(StoredWork)
    /// Somebody else was faster, or it is not due any more.
    case gone
}

/// Where operators find work that does not go on by itself, or not yet. Counted for the metrics.
public struct Shelf: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable { case queue, dead, unknown }

    public let kind: Kind
    /// The gateway it is about; empty: none.
    public let gateway: String

    public init(_ kind: Kind, gateway: String) {
        self.kind = kind
        self.gateway = gateway
    }
}

public struct ShelfPage: Sendable, Equatable {
    public struct Item: Sendable, Equatable {
        public let id: WorkID
        /// `nil` where the record cannot be read.
        public let work: StoredWork?

        public init(id: WorkID, work: StoredWork?) {
            self.id = id
            self.work = work
        }
    }

    public var items: [Item]
    /// The cursor of the next page; `nil` on the last.
    public var next: String?

    public init(items: [Item], next: String?) {
        self.items = items
        self.next = next
    }
}

extension PaymentRecord {
    /// Which shelf it lies on.
    public var shelf: Shelf? {
        if deadLetter != nil { return Shelf(.dead, gateway: gateway ?? "") }
        switch (status, processingReason) {
        case (.queued, _): return Shelf(.queue, gateway: gateway ?? "")
        case (.processing, .outcomeUnknown): return Shelf(.unknown, gateway: gateway ?? "")
        default: return nil
        }
    }

    /// The lane in which recovery works on it.
    public var lane: String { gateway ?? "" }
}

extension OperationRecord {
    /// Which shelf it lies on.
    public var shelf: Shelf? { deadLetter.map { _ in Shelf(.dead, gateway: gateway ?? "") } }

    /// The lane in which recovery works on it.
    public var lane: String { gateway ?? "" }
}
