public import AdapterKit

extension StripeAdapter {
    /// - Throws: `EncodingFailure` for a card without a token, a currency that Stripe counts in another unit, and whatever needs the
    ///   id of a PaymentIntent or refund that is not known.
    public func request(for operation: Operation) throws(EncodingFailure) -> GatewayRequest {
        switch operation {
        case .payment(let charge):
            try post("/v1/payment_intents", key: charge.reference, fields(of: charge, capture: "automatic"))
        case .authorize(let charge): try post("/v1/payment_intents", key: charge.reference, fields(of: charge, capture: "manual"))
        case .capture(let capture):
            try post(
                path(of: capture.gatewayReference) + "/capture", key: capture.reference,
                [("amount_to_capture", String(capture.money.minorUnits))])
        case .void(let void):
            // A body must not be empty, and a cancellation has no field that says what `expand` does not.
            try post(
                path(of: void.gatewayReference) + "/cancel", key: void.reference, [("expand[]", "latest_charge")])
        case .refund(let refund): try post("/v1/refunds", key: refund.reference, fields(of: refund))
        case .inquiry(let inquiry):
            GatewayRequest(method: .get, target: try path(of: inquiry.gatewayReference), headers: headers)
        case .refundInquiry(let inquiry):
            GatewayRequest(method: .get, target: "/v1/refunds/" + (try id(inquiry.refundReference)), headers: headers)
        case .accountValidation: throw EncodingFailure(reason: "not_supported")
        }
    }

    private var headers: Headers {
        Headers([("Stripe-Version", access.version)] + (access.connected.map { [("Stripe-Account", $0)] } ?? []))
    }

    private func post(
        _ target: String, key: String, _ fields: [(name: String, value: String)]
    ) throws(EncodingFailure) -> GatewayRequest {
        guard Self.isPlain(key) else {
            throw EncodingFailure(reason: "a reference must be 1 to 255 letters, digits, underscores or hyphens")
        }
        var headers = headers
        headers.add("Content-Type", Form.contentType)
        return GatewayRequest(method: .post, target: target, headers: headers, body: Form.encoded(fields), idempotencyKey: key)
    }

    private func path(of intent: String?) throws(EncodingFailure) -> String { "/v1/payment_intents/" + (try id(intent)) }

    private func id(_ object: String?) throws(EncodingFailure) -> String {
        guard let object, Self.isPlain(object) else { throw EncodingFailure(reason: "Stripe's own id is not known") }
        return object
    }

    private func fields(
        of charge: Operation.Charge, capture: String
    ) throws(EncodingFailure) -> [(name: String, value: String)] {
        guard case .card(let card) = charge.method else { throw EncodingFailure(reason: "only cards are supported") }
        guard let token = card.token, !token.isEmpty else { throw EncodingFailure(reason: "card.token is required") }
        guard !Self.countedOtherwise.contains(charge.money.currency.code) else {
            throw EncodingFailure(reason: "currency is counted in another unit at Stripe")
        }
        return [
            ("amount", String(charge.money.minorUnits)), ("currency", charge.money.currency.code.lowercased()),
            ("payment_method", token), ("payment_method_types[]", "card"), ("capture_method", capture), ("confirm", "true"),
            ("metadata[reference]", charge.reference),
        ] + (charge.description.map { [("description", $0)] } ?? []) + (access.returnURL.map { [("return_url", $0)] } ?? [])
    }

    /// The caller's reason is free text, and none of Stripe's three words.
    private func fields(of refund: Operation.Refund) throws(EncodingFailure) -> [(name: String, value: String)] {
        [
            ("payment_intent", try id(refund.gatewayReference)), ("amount", String(refund.money.minorUnits)),
            ("metadata[reference]", refund.reference), ("metadata[payment]", refund.charge),
        ]
    }

    /// Stripe's minor unit is not ISO 4217's: two places for ISK and UGX, none for MGA (docs.stripe.com/currencies).
    private static let countedOtherwise: Set<String> = ["ISK", "UGX", "MGA"]

    /// A piece of the path or a header. What would have to be encoded is refused instead.
    private static func isPlain(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
