public import AdapterKit

extension Charge {
    /// The charge as it is now, in the protocol's shape.
    public var json: JSON {
        .members([
            ("bank_reference", .string(bankReference)), ("reference", .string(reference)), ("status", .string(status.rawValue)),
            ("amount", .integer(amount)), ("currency", .string(currency)), ("captured_amount", .integer(captured)),
            ("refunded_amount", .integer(refunded)), ("code", .string(code)), ("message", .string(BankHMACCode.message(code))),
            ("action", status == .actionRequired ? action : .null),
        ])
    }

    private var action: JSON {
        let kind =
            switch method {
            case "pix": "display_qr"
            case "upi": "approve_in_app"
            default: "redirect"
            }
        return .members([
            ("type", .string(kind)),
            ("url", kind == "redirect" ? .string("https://bank.example/approve/\(bankReference)") : .null),
            ("qr_payload", kind == "display_qr" ? .string("mock-qr-\(bankReference)") : .null),
            ("expires_at", .string(actionExpiresAt.rfc3339WholeSeconds)),
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
            ("amount", .integer(amount)), ("code", .string(code)), ("message", .string(BankHMACCode.message(code))),
        ])
    }
}
