import AdapterKit

extension [HistoryEntry] {
    /// What was captured and refunded before and after stands with the last entry of the change.
    mutating func note(
        amountsOf record: PaymentRecord, since before: PaymentRecord, _ cause: HistoryEntry.Cause, at now: Timestamp
    ) {
        let captured = HistoryEntry.AmountChange(before.amountCaptured, record.amountCaptured)
        let refunded = HistoryEntry.AmountChange(before.amountRefunded, record.amountRefunded)
        guard captured != nil || refunded != nil else { return }
        var entry =
            popLast()
            ?? HistoryEntry(
                at: now, version: record.version, event: "payment.amounts", cause: cause, gateway: record.gateway)
        entry.captured = captured
        entry.refunded = refunded
        append(entry)
    }
}

extension HistoryEntry.AmountChange {
    /// `nil` where it is the same.
    fileprivate init?(_ before: Int64, _ after: Int64) {
        guard before != after else { return nil }
        self.init(from: before, to: after)
    }
}
