import AdapterKit

/// What operators see of a piece of work: no name, account, text or card of anybody.
extension WorkID {
    /// For a record that cannot be read.
    var unreadableJSON: JSON {
        .members([
            ("id", .string(description)), ("kind", .string(kind)), ("payment", .string(payment.text)), ("tenant", .null),
            ("status", .null), ("reason", .string(DeadLetter.Reason.unreadable.rawValue)), ("since", .null), ("gateway", .null),
            ("amount", .null), ("currency", .null), ("attempts", .array([])), ("history", .array([])),
        ])
    }

    private var kind: String {
        guard let text = operation?.text else { return "payment" }
        return OperationRecord.Kind.allCases.first { text.hasPrefix($0.prefix) }?.rawValue ?? "payment"
    }
}

extension StoredWork {
    /// - Parameter history: `nil` leaves the member out.
    func json(history: [HistoryEntry]?) -> JSON {
        let common: [(String, JSON?)] = [
            ("payment", .string(payment.record.id.text)), ("tenant", .string(payment.record.tenant)),
            ("currency", .string(payment.record.money.currency.code)), ("attempts", .array(attempts.map(\.operatorJSON))),
            ("history", history.map { .array($0.map(\.json)) }),
        ]
        return .present((operation?.record.operatorMembers ?? payment.record.operatorMembers) + common)
    }

    /// Those of the operation, where it is one.
    private var attempts: [AttemptRecord] {
        guard let id = operation?.record.id.text else { return payment.record.attempts }
        return payment.record.attempts.filter { $0.reference == id }
    }
}

extension PaymentRecord {
    fileprivate var operatorMembers: [(String, JSON?)] {
        [
            ("id", .string(id.text)), ("kind", .string("payment")), ("status", .string(status.rawValue)),
            ("reason", .optional(waitingReason)), ("since", .string(waitingSince.rfc3339)), ("gateway", .optional(gateway)),
            ("amount", .integer(money.minorUnits)),
        ]
    }

    private var waitingReason: String? {
        deadLetter?.reason.rawValue ?? failure?.code ?? softDecline?.code ?? processingReason?.rawValue
    }

    private var waitingSince: Timestamp { deadLetter?.since ?? schedule?.since ?? updatedAt }
}

extension OperationRecord {
    fileprivate var operatorMembers: [(String, JSON?)] {
        [
            ("id", .string(WorkID(payment, id).description)), ("kind", .string(kind.rawValue)),
            ("status", .string(status.rawValue)),
            ("reason", .optional(deadLetter?.reason.rawValue)), ("since", .string(waitingSince.rfc3339)),
            ("gateway", .optional(gateway)), ("amount", .integer(amount)),
        ]
    }

    private var waitingSince: Timestamp { deadLetter?.since ?? schedule?.since ?? updatedAt }
}

extension AttemptRecord {
    /// `outcome` is null where its end was never recorded.
    fileprivate var operatorJSON: JSON {
        .members([
            ("number", .integer(Int64(number))), ("gateway", .string(gateway)), ("operation", .string(operation.rawValue)),
            ("outcome", .optional(end?.outcome.rawValue)), ("resolution", .optional(resolution?.rawValue)),
            ("code", .optional(end?.code)), ("http_status", end?.httpStatus.map { .integer(Int64($0)) } ?? .null),
            ("started_at", .string(startedAt.rfc3339)),
            ("duration_ms", end.map { .integer(Int64(min(max(0, $0.duration), 1e15).rounded())) } ?? .null),
        ])
    }
}
