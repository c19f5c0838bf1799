public import AdapterKit

extension BankHMACAdapter {
    /// - Throws: `EncodingFailure` for a reference that is not 1 to 64 of `A-Z a-z 0-9 _ -`: it is a piece of the path.
    public func request(for operation: Operation) throws(EncodingFailure) -> GatewayRequest {
        switch operation {
        case .payment(let charge): try post("/v1/charges", key: charge.reference, body(of: charge, captures: true))
        case .authorize(let charge): try post("/v1/charges", key: charge.reference, body(of: charge, captures: false))
        case .capture(let capture):
            try post("\(path(ofCharge: capture.charge))/captures", key: capture.reference, body(of: capture))
        case .void(let void):
            try post(
                "\(path(ofCharge: void.charge))/voids", key: void.reference, .members([("reference", .string(void.reference))]))
        case .refund(let refund): try post("\(path(ofCharge: refund.charge))/refunds", key: refund.reference, body(of: refund))
        case .inquiry(let inquiry): GatewayRequest(method: .get, target: try path(ofCharge: inquiry.charge))
        case .refundInquiry(let inquiry):
            GatewayRequest(
                method: .get, target: try path(ofCharge: inquiry.charge) + "/refunds/" + piece(inquiry.reference))
        case .accountValidation(let account):
            // No reference of ours belongs to a question: the runtime puts the request id into `Idempotency-Key`.
            post(
                "/v1/accounts/validate", key: nil,
                .members([("type", .string(account.kind.rawValue)), ("value", .string(account.value))]))
        }
    }

    private func post(_ target: String, key: String, _ body: JSON) throws(EncodingFailure) -> GatewayRequest {
        post(target, key: Optional(try piece(key)), body)
    }

    private func post(_ target: String, key: String?, _ body: JSON) -> GatewayRequest {
        GatewayRequest(
            method: .post, target: target, headers: Headers([("Content-Type", "application/json")]), body: body.encoded(),
            idempotencyKey: key)
    }

    private func path(ofCharge reference: String) throws(EncodingFailure) -> String { "/v1/charges/" + (try piece(reference)) }

    /// A piece of the path. What would have to be percent-encoded is refused instead, and so are `.` and `..`.
    private func piece(_ reference: String) throws(EncodingFailure) -> String {
        guard (1...64).contains(reference.utf8.count), reference.utf8.allSatisfy(Self.isPlain) else {
            throw EncodingFailure(reason: "a reference must be 1 to 64 letters, digits, underscores or hyphens")
        }
        return reference
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private func body(of charge: Operation.Charge, captures: Bool) -> JSON {
        .present([
            ("reference", .string(charge.reference)), ("amount", .integer(charge.money.minorUnits)),
            ("currency", .string(charge.money.currency.code)), ("capture", .bool(captures)), ("method", charge.method.json),
            ("description", charge.description.map { .string($0) }),
        ])
    }

    private func body(of capture: Operation.Capture) -> JSON {
        .members([("reference", .string(capture.reference)), ("amount", .integer(capture.money.minorUnits))])
    }

    private func body(of refund: Operation.Refund) -> JSON {
        .present([
            ("reference", .string(refund.reference)), ("amount", .integer(refund.money.minorUnits)),
            ("reason", refund.reason.map { .string($0) }),
        ])
    }
}
