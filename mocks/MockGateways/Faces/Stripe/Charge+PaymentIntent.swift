import AdapterKit

extension Charge {
    /// The charge as it is now, as a PaymentIntent (protocols/stripe.md, 2).
    var paymentIntent: JSON {
        .members([
            ("id", .string(StripeID.intent(self))), ("object", .string("payment_intent")), ("amount", .integer(amount)),
            ("amount_capturable", .integer(status == .authorized ? amount : 0)), ("amount_received", .integer(captured)),
            ("capture_method", .string(captures ? "automatic" : "manual")), ("created", .integer(openedAt.seconds)),
            ("currency", .string(currency.lowercased())), ("last_payment_error", lastPaymentError),
            ("latest_charge", .string("ch_mock\(serial)")), ("livemode", .bool(false)),
            ("metadata", .members([("reference", .string(reference))])), ("next_action", nextAction),
            ("payment_method", .string(method)), ("payment_method_types", .array([.string("card")])),
            ("status", .string(status.ofPaymentIntent)),
        ])
    }

    private var lastPaymentError: JSON {
        status == .declined ? StripeDecline.fault(code, intent: nil).body["error"] ?? .null : .null
    }

    /// Where the client named no page to come back to, its own page would take over.
    private var nextAction: JSON {
        guard status == .actionRequired else { return .null }
        guard let back = details.text else { return .members([("type", .string("use_stripe_sdk"))]) }
        let page = JSON.members([
            ("return_url", .string(back)), ("url", .string("https://hooks.stripe.example/authenticate/\(serial)")),
        ])
        return .members([("redirect_to_url", page), ("type", .string("redirect_to_url"))])
    }
}

extension Charge.Status {
    fileprivate var ofPaymentIntent: String {
        switch self {
        case .approved: "succeeded"
        case .authorized: "requires_capture"
        case .pending: "processing"
        case .actionRequired: "requires_action"
        case .declined: "requires_payment_method"
        case .voided: "canceled"
        }
    }
}

extension Refund {
    /// The refund as it is now (protocols/stripe.md, 2).
    func object(of charge: Charge) -> JSON {
        .members([
            ("id", .string(StripeID.refund(self))), ("object", .string("refund")), ("amount", .integer(amount)),
            ("charge", .string("ch_mock\(charge.serial)")), ("created", .integer(openedAt.seconds)),
            ("currency", .string(charge.currency.lowercased())),
            ("failure_reason", status == .declined ? .string(code) : .null),
            ("metadata", .members([("reference", .string(reference)), ("payment", .string(charge.reference))])),
            ("payment_intent", .string(StripeID.intent(charge))), ("status", .string(status.ofRefundObject)),
        ])
    }
}

extension Refund.Status {
    fileprivate var ofRefundObject: String {
        switch self {
        case .approved: "succeeded"
        case .pending: "pending"
        case .declined: "failed"
        case .actionRequired: "requires_action"
        }
    }
}
