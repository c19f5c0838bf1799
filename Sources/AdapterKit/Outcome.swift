/// What is known about the money after one attempt (contract/idempotency.md, table O). It alone decides what happens next.
public enum Outcome: Sendable, Equatable, Codable {
    /// Done, on the gateway's own word.
    case approved(Approval)
    /// Refused by issuer or risk, final. A value, not an error.
    case declined(Decline)
    /// The payer must do something first.
    case requiresAction(NextAction, gatewayReference: String?)
    /// Taken; the answer comes later.
    case pending(gatewayReference: String?)
    /// Certainly nothing happened at this gateway.
    case notProcessed(NotProcessed)
    /// Our request or our credentials are wrong; nothing happened.
    case rejected(Rejection)
    /// It may have happened: ask the same gateway, send nothing elsewhere.
    case unknown(Unknown)

    public enum Kind: String, Sendable, CaseIterable, Codable {
        case approved, declined, pending
        case requiresAction = "requires_action"
        case notProcessed = "not_processed"
        case rejected, unknown
    }

    public var kind: Kind {
        switch self {
        case .approved: .approved
        case .declined: .declined
        case .requiresAction: .requiresAction
        case .pending: .pending
        case .notProcessed: .notProcessed
        case .rejected: .rejected
        case .unknown: .unknown
        }
    }
}

/// The gateway's own view of a charge or refund that it approved.
public struct Approval: Sendable, Equatable, Codable {
    public enum State: String, Sendable, Codable { case authorized, captured, voided, refunded }

    public var state: State
    public var gatewayReference: String?
    /// The amount of the charge or refund as the gateway reports it: compared with what was asked (O6).
    public var money: Money
    /// What the gateway says is captured and refunded of the charge so far, in minor units. `nil` where it does not say.
    public var captured: Int64?
    public var refunded: Int64?
    public var code: String?

    public init(
        state: State, gatewayReference: String?, money: Money, captured: Int64? = nil, refunded: Int64? = nil, code: String? = nil
    ) {
        self.state = state
        self.gatewayReference = gatewayReference
        self.money = money
        self.captured = captured
        self.refunded = refunded
        self.code = code
    }
}

public struct Decline: Sendable, Equatable, Codable {
    public var category: FailureCategory
    /// The gateway's own code and text. The text may name a person or a card: it is masked before it is kept.
    public var code: String?
    public var message: String?
    public var gatewayReference: String?

    public init(category: FailureCategory, code: String?, message: String?, gatewayReference: String? = nil) {
        self.category = category
        self.code = code
        self.message = message
        self.gatewayReference = gatewayReference
    }
}

public struct NotProcessed: Sendable, Equatable, Codable {
    /// A closed, snake_case word: safe as a metric label.
    public var reason: String
    /// How long the gateway asked us to wait.
    public var retryAfter: Duration?

    public init(reason: String, retryAfter: Duration? = nil) {
        self.reason = reason
        self.retryAfter = retryAfter
    }
}

public struct Rejection: Sendable, Equatable, Codable {
    public enum Cause: String, Sendable, Codable { case request, credentials }
    public var cause: Cause
    public var code: String?
    public var message: String?

    public init(cause: Cause, code: String?, message: String?) {
        self.cause = cause
        self.code = code
        self.message = message
    }
}

public struct Unknown: Sendable, Equatable, Codable {
    /// A closed, snake_case word: safe as a metric label.
    public var reason: String
    public var code: String?

    public init(reason: String, code: String? = nil) {
        self.reason = reason
        self.code = code
    }
}

/// What the payer must do (openapi.yaml, `next_action`).
public struct NextAction: Sendable, Equatable, Codable {
    public enum Kind: String, Sendable, Codable {
        case redirect
        case displayQR = "display_qr"
        case approveInApp = "approve_in_app"
    }
    public var kind: Kind
    public var url: String?
    public var qrPayload: String?
    /// RFC 3339, as the gateway gave it.
    public var expiresAt: String?

    public init(kind: Kind, url: String? = nil, qrPayload: String? = nil, expiresAt: String? = nil) {
        self.kind = kind
        self.url = url
        self.qrPayload = qrPayload
        self.expiresAt = expiresAt
    }
}

/// Why a payment failed, in words that are the same for every gateway (openapi.yaml, `Failure.category`).
public enum FailureCategory: String, Sendable, CaseIterable, Codable {
    case insufficientFunds = "insufficient_funds"
    case doNotHonor = "do_not_honor"
    case expiredInstrument = "expired_instrument"
    case invalidInstrument = "invalid_instrument"
    case limitExceeded = "limit_exceeded"
    case suspectedFraud = "suspected_fraud"
    case authenticationRequired = "authentication_required"
    case accountClosed = "account_closed"
    case notPermitted = "not_permitted"
    case issuerUnavailable = "issuer_unavailable"
    case gatewayUnavailable = "gateway_unavailable"
    case invalidRequest = "invalid_request"
    case configuration
    case expired
    case other
}

/// What an inquiry established. Its own failure says nothing of the payment (O4).
public enum InquiryAnswer: Sendable, Equatable {
    /// The gateway holds the charge or refund; this is what became of it.
    case found(Outcome)
    /// "Not found" in the protocol's own form. Proof only after the declared delay.
    case notFound
    /// No answer to the question: 429, 401, 5xx, an edge's page, a body that does not parse.
    case unanswered(reason: String)
}

/// What a gateway says of a payee's address.
public enum AccountAnswer: Sendable, Equatable {
    case known(valid: Bool, holderName: String?)
    case unanswered(reason: String)
}
