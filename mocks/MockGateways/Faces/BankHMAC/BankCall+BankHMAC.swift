import AdapterKit

/// A request that is not understood: never one that moved money.
struct Malformed: Error, Equatable {
    let code: String
}

extension BankCall {
    /// Reads the body that belongs to a route.
    init(_ route: BankRoute, body: [UInt8]) throws(Malformed) {
        switch route {
        case .inquiry(let charge): self = .inquiry(charge: charge)
        case .refundInquiry(let charge, let refund): self = .refundInquiry(charge: charge, reference: refund)
        case .charge: self = .charge(try Order(try Self.object(body)))
        case .capture(let charge):
            let body = try Self.object(body)
            self = .capture(charge: charge, reference: try Self.reference(in: body), amount: try Self.amount(in: body))
        case .void(let charge): self = .void(charge: charge, reference: try Self.reference(in: try Self.object(body)))
        case .refund(let charge):
            let body = try Self.object(body)
            self = .refund(charge: charge, reference: try Self.reference(in: body), amount: try Self.amount(in: body))
        case .accountValidation:
            guard let value = try Self.object(body)["value"]?.text else { throw Malformed(code: "INVALID_VALUE") }
            self = .accountValidation(value: value)
        }
    }

    private static func object(_ body: [UInt8]) throws(Malformed) -> JSON {
        guard let json = try? JSON(parsing: body), json.members != nil else { throw Malformed(code: "INVALID_JSON") }
        return json
    }

    fileprivate static func reference(in body: JSON) throws(Malformed) -> String {
        guard let reference = body["reference"]?.text, BankRoute.isReference(reference) else {
            throw Malformed(code: "INVALID_REFERENCE")
        }
        return reference
    }

    fileprivate static func amount(in body: JSON) throws(Malformed) -> Int64 {
        guard let amount = body["amount"]?.integer, Money.requestable.contains(amount) else {
            throw Malformed(code: "INVALID_AMOUNT")
        }
        return amount
    }
}

extension BankCall.Order {
    init(_ body: JSON) throws(Malformed) {
        reference = try BankCall.reference(in: body)
        amount = try BankCall.amount(in: body)
        guard let currency = body["currency"]?.text.flatMap({ Currency($0) }) else { throw Malformed(code: "INVALID_CURRENCY") }
        guard let captures = body["capture"]?.bool else { throw Malformed(code: "INVALID_CAPTURE") }
        guard let method = body["method"]?["type"]?.text else { throw Malformed(code: "INVALID_METHOD") }
        self.currency = currency.code
        self.captures = captures
        self.method = method
        description = body["description"]?.text ?? ""
    }
}

extension BankCall {
    /// What `Idempotency-Key` has to be; `nil` where any will do or none is needed.
    var idempotencyKey: String? {
        switch self {
        case .charge(let order): order.reference
        case .capture(_, let reference, _), .void(_, let reference), .refund(_, let reference, _): reference
        case .inquiry, .refundInquiry, .accountValidation, .session: nil
        }
    }
}
