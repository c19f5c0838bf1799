import AdapterKit
import Payments

/// What the scripts of a payment's own path are given, written straight into the command.
extension RedisCommand {
    /// The 13 fields that `write` of the scripts takes.
    mutating func append(_ record: PaymentRecord) {
        append { RecordWriter.write(record, to: &$0) }
        append(record.sealed)
        append(record.tenant)
        append(record.status.rawValue)
        append(record.status.isOpen)
        append(record.money.minorUnits)
        append(record.amountCaptured)
        append(record.amountRefunded)
        append(record.gateway ?? "")
        append(record.gatewayIdentity ?? "")
        append(record.version)
        append(RedisFields.shelf(record.shelf))
        append(Self.tried(record))
    }

    /// Names of gateways hold no blanks.
    private static func tried(_ record: PaymentRecord) -> String {
        let gateways = record.attempts.filter(\.isCharge).map(\.gateway)
        guard gateways.count > 1 else { return gateways.first ?? "" }
        return Set(gateways).sorted().joined(separator: " ")
    }

    /// The operation's 13 arguments of `settle`.
    mutating func append(_ part: Settlement.OperationSettlement?) throws(StoreFailure) {
        guard let part else {
            for _ in 0..<13 { append("") }
            return
        }
        let record = part.record
        append(record.id.text)
        append(record.kind.rawValue)
        for field in try RedisFields.operation(record) { append(field) }
        append(record.amount)
        append(record.gateway ?? "")
        append(record.gatewayIdentity ?? "")
        append(record.status.isFinal)
        append(RedisFields.shelf(record.shelf))
        appendEnding(fixed: part.fixed, hold: part.hold, wake: part.wake)
    }

    /// The 4 arguments of `settle` that say what becomes of a claim.
    mutating func appendEnding(fixed: FixedAnswer?, hold: Settlement.Hold, wake: Duration?) {
        append { bytes in
            guard let fixed else { return }
            bytes += "\(fixed.status):".utf8
            bytes += fixed.sealedBody
        }
        switch hold {
        case .keep:
            append("")
            append("")
        case .renew(let lease):
            append(lease.token)
            append(lease.duration)
        case .release(let token):
            append(token)
            append("")
        }
        if let wake { append(wake) } else { append("") }
    }

    /// Whose caller is told 202 with it.
    mutating func appendTold(_ settlement: Settlement) {
        append(settlement.operation?.answered == true ? "operation" : settlement.answered ? "payment" : "")
    }

    /// Their number, and the 8 fields of each, in the order in which `RedisKeys.outbox` names them.
    mutating func append(_ events: [PaymentEvent]) {
        append(events.count)
        for event in events {
            append(event.tenant)
            append(event.payment.text)
            append(event.object)
            append(event.version)
            append(event.kind.rawValue)
            append(event.cause.rawValue)
            append(event.createdAt.milliseconds)
            append(event.sealed)
        }
    }

    /// Digest and text of each, for `tell` of the scripts.
    mutating func append(_ history: [HistoryEntry], of payment: PaymentID) {
        for entry in history.suffix(StoreLimits.historyEntries) {
            let json = entry.canonical
            append(AuditChain.digest(of: json, in: .payment(payment)))
            append(json)
        }
    }
}
