import AdapterKit

/// What the facade says of a transaction, in an answer or a callback (protocols/npci-upi.md, 2).
enum FacadeMessage {
    /// Taken: the end comes later.
    static func pending(_ transaction: String) -> JSON {
        .members([("ack", .bool(true)), ("txnId", .string(transaction)), ("rrn", .null), ("status", .string("PENDING"))])
    }

    static func failure(_ transaction: String, _ code: String) -> JSON { end(transaction, "FAILURE", code, nil, []) }

    /// - Returns: `nil` for a charge about which nothing is decided.
    static func end(of charge: Charge, _ transaction: String) -> JSON? {
        let other = amount(of: charge)
        switch charge.status {
        case .approved, .authorized: return success(transaction, charge.serial, other)
        case .declined: return end(transaction, "FAILURE", charge.code, charge.serial, other)
        case .voided: return end(transaction, "FAILURE", FacadeCode.reversed, charge.serial, other)
        case .pending, .actionRequired: return charge.isDeemed ? deemed(transaction, charge.serial) : nil
        }
    }

    /// - Returns: `nil` for a refund about which nothing is decided.
    static func end(of refund: Refund, _ transaction: String) -> JSON? {
        switch refund.status {
        case .approved: success(transaction, refund.serial, [])
        case .declined: end(transaction, "FAILURE", refund.code, refund.serial, [])
        case .pending, .actionRequired: nil
        }
    }

    /// Not confirmed, treated as done, and settled later.
    static func deemed(_ transaction: String, _ serial: Int) -> JSON { end(transaction, "DEEMED", FacadeCode.deemed, serial, []) }

    private static func success(_ transaction: String, _ serial: Int, _ more: [(String, JSON)]) -> JSON {
        end(transaction, "SUCCESS", FacadeCode.success, serial, [("approvalNum", .string("A\(serial)"))] + more)
    }

    private static func end(
        _ transaction: String, _ result: String, _ code: String, _ serial: Int?, _ more: [(String, JSON)]
    ) -> JSON {
        .members(
            [
                ("txnId", .string(transaction)), ("rrn", .optional(serial.map(rrn))), ("result", .string(result)),
                ("respCode", .string(code)),
            ] + more)
    }

    /// 12 digits.
    private static func rrn(_ serial: Int) -> String { String(600_000_000_000 + serial % 100_000_000_000) }

    /// The facade names no amount, unless it is to be a wrong one.
    private static func amount(of charge: Charge) -> [(String, JSON)] {
        let named = Money(minorUnits: charge.amount, currency: Currency(charge.currency) ?? .unnamed)
        guard charge.asked != named else { return [] }
        return [("amount", .string(named.decimal)), ("currency", .string(charge.currency))]
    }
}

extension Charge {
    /// What the face keeps of the order, to tell what was changed on purpose.
    static func details(of money: Money, isDeemed: Bool) -> JSON {
        .members([
            ("amount", .integer(money.minorUnits)), ("currency", .string(money.currency.code)), ("deemed", .bool(isDeemed)),
        ])
    }

    fileprivate var asked: Money? {
        guard let amount = details["amount"]?.integer, let currency = details["currency"]?.text.flatMap({ Currency($0) }) else {
            return nil
        }
        return Money(minorUnits: amount, currency: currency)
    }

    fileprivate var isDeemed: Bool { details["deemed"] == .bool(true) }
}
