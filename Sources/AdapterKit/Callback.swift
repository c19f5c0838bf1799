/// A delivery whose signature, time and nonce held, or whose sender mutual TLS proved. Only the runtime's verifier can make one:
/// adapters are built without package access.
public struct VerifiedCallback: Sendable, Equatable {
    /// Path and query as they came.
    public let target: String
    public let headers: Headers
    /// The raw bytes that the signature was checked over.
    public let body: [UInt8]
    /// The event's id where the scheme signs one outside the body.
    public let eventID: String?

    package init(target: String, headers: Headers, body: [UInt8], eventID: String?) {
        self.target = target
        self.headers = headers
        self.body = body
        self.eventID = eventID
    }
}

/// A delivery that nobody proved: a hint. It says whom to ask about and is believed in nothing else (contract/callbacks.md, 2).
public struct UnprovenCallback: Sendable, Equatable {
    public let target: String
    public let headers: Headers
    public let body: [UInt8]

    package init(target: String, headers: Headers, body: [UInt8]) {
        self.target = target
        self.headers = headers
        self.body = body
    }
}

/// Which charge or refund a callback speaks of. Ours is matched first, the gateway's second.
public struct CallbackSubject: Sendable, Hashable, Codable {
    public enum Kind: String, Sendable, Codable { case charge, refund }

    public var kind: Kind
    /// Our reference of the charge, also where a refund is spoken of.
    public var charge: String?
    /// Our reference of the refund.
    public var refund: String?
    /// The gateway's own id of the charge or refund.
    public var gatewayReference: String?

    /// A charge.
    public init(charge: String?, gatewayReference: String?) {
        self.kind = .charge
        self.charge = charge
        self.gatewayReference = gatewayReference
    }

    /// A refund.
    public init(refund: String?, of charge: String?, gatewayReference: String?) {
        self.kind = .refund
        self.charge = charge
        self.refund = refund
        self.gatewayReference = gatewayReference
    }
}

/// One piece of news in a callback.
public struct CallbackEvent: Sendable, Equatable, Codable {
    /// The gateway's id of the event, the same on every repeat. 1 to 128 printable ASCII characters; the runtime refuses any other.
    public var id: String
    public var subject: CallbackSubject
    public var outcome: Outcome
    /// The amount that the gateway names, in `Currency.unnamed` where it names no currency: compared with what was asked (O6).
    /// `nil` where it names none; an approval is then of `Money.unsaid`.
    public var money: Money?

    public init(id: String, subject: CallbackSubject, outcome: Outcome, money: Money?) {
        self.id = id
        self.subject = subject
        self.outcome = outcome
        self.money = money
    }
}

/// A verified body that the adapter cannot read. What was found in it is not carried along: it may be personal.
public struct CallbackFailure: Error, Sendable, Equatable {
    /// A closed, snake_case word: safe for logs.
    public let reason: String
    public init(reason: String) { self.reason = reason }
}

/// What tells the gateway that a callback was received.
public struct CallbackAcknowledgement: Sendable, Equatable {
    public var status: Int
    public var contentType: String?
    public var body: [UInt8]

    public init(status: Int, contentType: String? = nil, body: [UInt8] = []) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }
}

/// How a gateway proves its callbacks. Declared by the adapter from the gateway's `callback` section, carried out by the runtime.
public enum CallbackScheme: Sendable, Equatable {
    /// protocols/bank-hmac.md, "Callbacks": scheme v1 with the nonce as tenant and the event id as idempotency key.
    case hmacV1([SigningKey])
    /// protocols/standard-webhooks.md, v1. The secrets are the decoded key bytes.
    case standardWebhooks([Secret])
    /// One header with `t=` seconds and `v1=` HMAC-SHA-256 in hexadecimal, over time, a dot and the body (protocols/stripe.md, 5).
    case timestamped(header: String, secrets: [Secret])
    /// protocols/npci-upi.md, 5.
    case nonceSigned(NonceSigned)
    /// Nothing covers the body: proved by the client certificate alone, or a hint.
    case unsigned
}

extension Currency {
    /// "No currency involved" (ISO 4217): where a gateway names none, that of the charge is meant.
    public static let unnamed = Currency(unchecked: "XXX")
}

extension Money {
    /// Of an approval in a callback that names no amount: what was asked for is meant.
    public static let unsaid = Money(minorUnits: 0, currency: .unnamed)
}
