public import AdapterKit

/// What claims, leases and graves leave in a payment's trail.
extension HistoryEntry {
    static func created(_ record: PaymentRecord, by actor: String?) -> HistoryEntry {
        HistoryEntry(
            at: record.createdAt, version: record.version, event: "payment.created", cause: .request, actor: actor,
            gateway: record.gateway, to: record.status.rawValue, amount: record.money.minorUnits)
    }

    static func requested(_ record: OperationRecord, amount: Int64?, by actor: String?) -> HistoryEntry {
        HistoryEntry(
            at: record.createdAt, version: 0, event: "\(record.kind.rawValue).requested", cause: .request, actor: actor,
            operation: record.id, to: record.status.rawValue, amount: amount)
    }

    /// The owner before is taken for dead, or has left it without a word.
    static func takenOver(_ operation: OperationID?, by actor: String?, at now: Timestamp) -> HistoryEntry {
        HistoryEntry(at: now, version: 0, event: "taken_over", cause: .request, actor: actor, operation: operation)
    }

    /// Recovery takes it from an owner whose lease has run out.
    public static func recovered(_ work: WorkID, at now: Timestamp) -> HistoryEntry {
        HistoryEntry(at: now, version: 0, event: "taken_over", cause: .reconciliation, operation: work.operation)
    }

    public static func buried(_ work: WorkID, _ reason: DeadLetter.Reason, at now: Timestamp) -> HistoryEntry {
        HistoryEntry(
            at: now, version: 0, event: "dead_letter", cause: .reconciliation, operation: work.operation, reason: reason.rawValue)
    }
}

extension Call {
    /// Who is told of in the trail.
    var actor: String { credential.map { "\(tenant)/\($0)" } ?? tenant }
}
