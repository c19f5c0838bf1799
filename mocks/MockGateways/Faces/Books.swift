/// Looks into the ledger for a face, which may know a charge only by the gateway's own ids.
struct Books: Sendable {
    let bank: Bank

    /// By our reference.
    func charge(_ reference: String) -> Charge? { bank.update { $0.ledger[reference] } }

    /// By the number that the bank gave it.
    func charge(serial: Int) -> Charge? { bank.update { $0.ledger.charge(serial: serial) } }

    /// The charge of which our reference names a refund.
    func charge(refundedBy reference: String) -> Charge? { bank.update { $0.ledger.charge(refundedBy: reference) } }

    /// The charge of which the bank's number names a refund, and our reference of that refund.
    func refund(serial: Int) -> (refund: Refund, charge: Charge)? { bank.update { $0.ledger.refund(serial: serial) } }
}
