public import AdapterKit

extension Charge {
    /// The charge as it is now, in the protocol's shape.
    public var json: JSON { json(status, code: code, captured: captured, refunded: refunded) }

    /// The charge as its first answer showed it.
    var firstJSON: JSON { json(first.status, code: first.code, captured: first.captured, refunded: 0) }

    /// The charge right after its capture.
    var capturedJSON: JSON { json(.approved, code: DeclineCode.approved, captured: captured, refunded: 0) }

    func json(_ status: Status, code: String, captured: Int64, refunded: Int64) -> JSON {
        .members([
            ("bank_reference", .string(bankReference)), ("reference", .string(reference)), ("status", .string(status.rawValue)),
            ("amount", .integer(amount)), ("currency", .string(currency)), ("captured_amount", .integer(captured)),
            ("refunded_amount", .integer(refunded)), ("code", .string(code)), ("message", .string(DeclineCode.message(code))),
            ("action", status == .actionRequired ? action : .null),
        ])
    }

    /// The charge with its history, for the control API.
    var ledgerJSON: JSON {
        .members([
            ("reference", .string(reference)), ("bank_reference", .string(bankReference)), ("status", .string(status.rawValue)),
            ("code", .string(code)), ("amount", .integer(amount)), ("currency", .string(currency)),
            ("captured", .integer(captured)), ("refunded", .integer(refunded)), ("held", .integer(held)),
            ("money_movements", .integer(Int64(moneyMovements))), ("capture_reference", .optional(capture?.reference)),
            ("void_reference", .optional(voidReference)), ("refunds", .array(refunds.map(\.json))),
        ])
    }
}

extension Refund {
    /// The refund as a callback tells of it.
    public func json(of charge: String) -> JSON {
        .object((json.members ?? []) + [JSON.Member("charge_reference", .string(charge))])
    }

    /// The refund as it is now, in the protocol's shape.
    var json: JSON {
        .members([
            ("bank_reference", .string(bankReference)), ("reference", .string(reference)), ("status", .string(status.rawValue)),
            ("amount", .integer(amount)), ("code", .string(code)), ("message", .string(DeclineCode.message(code))),
        ])
    }
}
