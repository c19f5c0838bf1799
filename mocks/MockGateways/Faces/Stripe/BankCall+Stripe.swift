import AdapterKit

extension BankCall {
    /// Reads what a request asks for.
    /// - Parameter key: the `Idempotency-Key`. Stricter than Stripe, so that no client goes without one: it is the reference in the
    ///   books, and where `metadata[reference]` is given they must be the same.
    init(_ route: StripeRoute, _ fields: StripeParameters, key: String, in books: Books) throws(StripeFault) {
        if route.changes {
            guard !key.isEmpty, key.utf8.count <= 255 else { throw .invalid("Idempotency-Key") }
            guard fields["metadata[reference]"] ?? key == key else { throw .invalid("metadata[reference]") }
        }
        if let unknown = fields.unknown(besides: route.parameters) { throw .invalid(unknown, "parameter_unknown") }
        switch route {
        case .create: self = .charge(try Order(fields, key: key))
        case .intent(let id): self = .inquiry(charge: try books.intent(id).reference)
        case .capture(let id):
            let charge = try books.intent(id)
            let amount = try fields["amount_to_capture"].map { text throws(StripeFault) in
                try Self.amount(text, "amount_to_capture")
            }
            self = .capture(charge: charge.reference, reference: key, amount: amount ?? charge.amount)
        case .cancel(let id): self = .void(charge: try books.intent(id).reference, reference: key)
        case .refund:
            guard let id = fields["payment_intent"] else { throw .invalid("payment_intent", "parameter_missing") }
            let charge = try books.intent(id)
            guard fields["metadata[payment]"] ?? charge.reference == charge.reference else { throw .invalid("metadata[payment]") }
            let amount = try fields["amount"].map { text throws(StripeFault) in try Self.amount(text, "amount") }
            self = .refund(charge: charge.reference, reference: key, amount: amount ?? charge.captured - charge.committed)
        case .refundInquiry(let id):
            guard let serial = StripeID.refund(id), let found = books.refund(serial: serial) else { throw .missing }
            self = .refundInquiry(charge: found.charge.reference, reference: found.refund.reference)
        }
    }

    fileprivate static func amount(_ text: String?, _ name: String) throws(StripeFault) -> Int64 {
        guard let text, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let amount = Int64(text),
            Money.requestable.contains(amount)
        else { throw .invalid(name, text == nil ? "parameter_missing" : "parameter_invalid_integer") }
        return amount
    }
}

extension BankCall.Order {
    fileprivate init(_ fields: StripeParameters, key: String) throws(StripeFault) {
        reference = key
        amount = try BankCall.amount(fields["amount"], "amount")
        guard let currency = fields["currency"], currency.utf8.allSatisfy({ (0x61...0x7A).contains($0) }),
            let code = Currency(currency.uppercased())
        else { throw .invalid("currency") }
        self.currency = code.code
        guard let method = fields["payment_method"], method.hasPrefix("pm_") else { throw .invalid("payment_method") }
        self.method = method
        guard [[], ["card"]].contains(fields.list("payment_method_types[]")) else { throw .invalid("payment_method_types") }
        // What is not confirmed at once needs a page of the merchant's own.
        guard fields["confirm"] == "true" else { throw .invalid("confirm") }
        switch fields["capture_method"] ?? "automatic_async" {
        case "automatic", "automatic_async": captures = true
        case "manual": captures = false
        default: throw .invalid("capture_method")
        }
        description = fields["description"] ?? ""
        details = fields["return_url"].map { .string($0) } ?? .null
    }
}

extension StripeRoute {
    /// Stripe refuses what it does not know.
    fileprivate var parameters: Set<String> {
        let own: Set<String> =
            switch self {
            case .create:
                [
                    "amount", "currency", "payment_method", "payment_method_types[]", "confirm", "capture_method", "description",
                    "return_url", "metadata[reference]",
                ]
            case .capture: ["amount_to_capture"]
            case .cancel: ["cancellation_reason"]
            case .refund: ["payment_intent", "amount", "reason", "metadata[reference]", "metadata[payment]"]
            case .intent, .refundInquiry: []
            }
        return own.union(["expand[]"])
    }
}

extension Books {
    fileprivate func intent(_ id: String) throws(StripeFault) -> Charge {
        guard let serial = StripeID.intent(id), let charge = charge(serial: serial) else { throw .missing }
        return charge
    }
}
