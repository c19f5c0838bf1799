import AdapterKit

extension Charge {
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
