import AdapterKit

/// A payment as the API shows it (openapi.yaml, `Payment`).
extension PaymentRecord {
    func json(_ details: PaymentDetails) -> JSON {
        .members([
            ("id", .string(id.text)), ("object", .string("payment")), ("tenant", .string(tenant)),
            ("status", .string(status.rawValue)),
            ("processing_reason", .optional(processingReason?.rawValue)), ("amount", .integer(money.minorUnits)),
            ("amount_captured", .integer(amountCaptured)), ("amount_refunded", .integer(amountRefunded)),
            ("currency", .string(money.currency.code)), ("reference", .string(reference)),
            ("description", .optional(details.description)), ("capture", .string(capture.rawValue)),
            ("method", details.shownMethod),
            ("gateway", .optional(holdingGateway)), ("gateway_reference", .optional(gatewayReference)),
            ("attempts", .array(attempts.compactMap { $0.json(isInFlight: processingReason == .inFlight) })),
            ("failure", failure?.json ?? .null),
            ("next_action", nextAction?.json ?? .null), ("metadata", details.metadata),
            ("created_at", .string(createdAt.rfc3339)),
            ("updated_at", .string(updatedAt.rfc3339)),
        ])
    }

    /// "The gateway that holds the payment": none while nobody knows, or nobody does.
    private var holdingGateway: String? {
        switch status {
        case .succeeded, .authorized, .requiresAction, .canceled, .manualReview: gateway
        case .processing: processingReason == .awaitingGateway ? gateway : nil
        case .queued, .failed: nil
        }
    }
}

extension AttemptRecord {
    /// Where a callback or an inquiry said what became of it before its own answer came, that.
    private var shownOutcome: Outcome.Kind {
        if let end { return end.outcome }
        return switch resolution {
        case .answered: .approved
        case .pending: .pending
        case .declined: .declined
        case .notHeld, .reversed, nil: .unknown
        }
    }

    /// `nil` while it is under way: an outcome is told only once there is one. An attempt whose owner died before recording its
    /// end is `unknown`.
    fileprivate func json(isInFlight: Bool) -> JSON? {
        if end == nil, isInFlight { return nil }
        return .members([
            ("number", .integer(Int64(number))), ("gateway", .string(gateway)), ("operation", .string(operation.rawValue)),
            ("outcome", .string(shownOutcome.rawValue)), ("code", .optional(end?.code)),
            ("http_status", end?.httpStatus.map { .integer(Int64($0)) } ?? .null), ("started_at", .string(startedAt.rfc3339)),
            ("duration_ms", .number((end?.duration ?? 0).twoDecimals)),
        ])
    }
}

extension Double {
    /// Never an exponent: JSON readers differ about those.
    fileprivate var twoDecimals: String {
        let hundredths = Int64((max(0, self) * 100).rounded())
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}

extension Failure {
    var json: JSON {
        .members([
            ("code", .string(code)), ("category", .string(category.rawValue)), ("message", .string(message)),
            ("gateway_code", .optional(gatewayCode)), ("gateway_message", .optional(gatewayMessage)),
        ])
    }
}

extension NextAction {
    fileprivate var json: JSON {
        .present([
            ("type", .string(kind.rawValue)), ("url", url.map { .string($0) }), ("qr_payload", qrPayload.map { .string($0) }),
            ("expires_at", expiresAt.map { .string($0) }),
        ])
    }
}

/// A refund as the API shows it (openapi.yaml, `Refund`).
extension OperationRecord {
    func json(currency: Currency, reason: String?) -> JSON {
        .members([
            ("id", .string(id.text)), ("object", .string("refund")), ("payment", .string(payment.text)),
            ("status", .string(status.rawValue)),
            ("amount", .integer(amount)), ("currency", .string(currency.code)), ("reason", .optional(reason)),
            ("gateway", .optional(gateway)), ("gateway_reference", .optional(gatewayReference)),
            ("failure", failure?.json ?? .null),
            ("created_at", .string(createdAt.rfc3339)), ("updated_at", .string(updatedAt.rfc3339)),
        ])
    }
}
