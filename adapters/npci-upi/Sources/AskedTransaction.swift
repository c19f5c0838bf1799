import AdapterKit

/// The transaction that a request is about.
struct AskedTransaction {
    /// Who moves next while it is pending.
    enum Waiting {
        case gateway
        /// The payer has to approve a collect request.
        case payer
    }

    let id: String
    let purpose: Participant.Purpose
    let money: Money
    var awaits = Waiting.gateway
}
