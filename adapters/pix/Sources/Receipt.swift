import AdapterKit

/// A received Pix, as answers and callbacks tell it (protocols/pix.md, 5).
struct Receipt {
    let endToEndID: String
    let money: Money
    let refunds: [RefundAnswer]

    init(_ body: AnswerReader) throws(UnreadableAnswer) {
        endToEndID = try body.text("endToEndId")
        guard EndToEndID.isValid(endToEndID) else { throw UnreadableAnswer() }
        money = try body.money("valor")
        var refunds: [RefundAnswer] = []
        for section in try body.sections("devolucoes") ?? [] { refunds.append(try RefundAnswer(section)) }
        self.refunds = refunds
    }

    /// Minor units that have been given back or are on their way, by us or by others.
    var refunded: Int64 { refunds.filter { $0.status != .refused }.reduce(0) { $0 + $1.money.minorUnits } }
}

extension AnswerReader {
    func money(_ name: String) throws(UnreadableAnswer) -> Money {
        guard let money = Money(decimal: try text(name), .real), Money.requestable.contains(money.minorUnits) else {
            throw UnreadableAnswer()
        }
        return money
    }
}
