/// The names of what can be asked of a gateway (openapi.yaml, `Attempt.operation`, and account validation).
public enum OperationName: String, Sendable, CaseIterable, Codable {
    case payment, authorize, capture, void, refund, inquiry, reversal
    case accountValidation = "account_validation"
}

/// One thing to ask of a gateway. `reference` is always ours: chosen and stored before a byte leaves.
public enum Operation: Sendable, Equatable {
    /// Authorise and capture at once.
    case payment(Charge)
    /// Authorise only; a capture or a void follows.
    case authorize(Charge)
    case capture(Capture)
    case void(Void)
    case refund(Refund)
    /// What became of a payment, an authorisation, a capture or a void: the charge as the gateway sees it now.
    case inquiry(Inquiry)
    case refundInquiry(RefundInquiry)
    case accountValidation(Account)

    public struct Charge: Sendable, Equatable {
        public var reference: String
        public var money: Money
        public var method: PaymentMethod
        public var description: String?

        public init(reference: String, money: Money, method: PaymentMethod, description: String? = nil) {
            self.reference = reference
            self.money = money
            self.method = method
            self.description = description
        }
    }

    public struct Capture: Sendable, Equatable {
        public var reference: String
        /// Reference of the charge that is captured.
        public var charge: String
        public var gatewayReference: String?
        public var authorized: Money
        /// What to capture, at most what was authorised; the rest is released.
        public var money: Money

        public init(reference: String, charge: String, gatewayReference: String?, authorized: Money, money: Money) {
            self.reference = reference
            self.charge = charge
            self.gatewayReference = gatewayReference
            self.authorized = authorized
            self.money = money
        }
    }

    public struct Void: Sendable, Equatable {
        public var reference: String
        public var charge: String
        public var gatewayReference: String?
        public var authorized: Money

        public init(reference: String, charge: String, gatewayReference: String?, authorized: Money) {
            self.reference = reference
            self.charge = charge
            self.gatewayReference = gatewayReference
            self.authorized = authorized
        }
    }

    public struct Refund: Sendable, Equatable {
        public var reference: String
        public var charge: String
        public var gatewayReference: String?
        public var money: Money
        public var reason: String?

        public init(reference: String, charge: String, gatewayReference: String?, money: Money, reason: String?) {
            self.reference = reference
            self.charge = charge
            self.gatewayReference = gatewayReference
            self.money = money
            self.reason = reason
        }
    }

    public struct Inquiry: Sendable, Equatable {
        public var charge: String
        public var gatewayReference: String?
        public var money: Money

        public init(charge: String, gatewayReference: String?, money: Money) {
            self.charge = charge
            self.gatewayReference = gatewayReference
            self.money = money
        }
    }

    public struct RefundInquiry: Sendable, Equatable {
        public var reference: String
        public var charge: String
        /// The gateway's own id of the charge.
        public var gatewayReference: String?
        /// The gateway's own id of the refund.
        public var refundReference: String?
        public var money: Money

        public init(
            reference: String, charge: String, gatewayReference: String?, refundReference: String? = nil, money: Money
        ) {
            self.reference = reference
            self.charge = charge
            self.gatewayReference = gatewayReference
            self.refundReference = refundReference
            self.money = money
        }
    }

    public struct Account: Sendable, Equatable {
        public enum Kind: String, Sendable, CaseIterable {
            case vpa
            case pixKey = "pix_key"
            case bankAccount = "bank_account"
        }
        public var kind: Kind
        public var value: String

        public init(kind: Kind, value: String) {
            self.kind = kind
            self.value = value
        }
    }

    public var name: OperationName {
        switch self {
        case .payment: .payment
        case .authorize: .authorize
        case .capture: .capture
        case .void: .void
        case .refund: .refund
        case .inquiry, .refundInquiry: .inquiry
        case .accountValidation: .accountValidation
        }
    }

    /// What was asked for: every approval is compared with it. `nil` where no money is named.
    public var money: Money? {
        switch self {
        case .payment(let charge), .authorize(let charge): charge.money
        case .capture(let capture): capture.money
        case .void(let void): void.authorized
        case .refund(let refund): refund.money
        case .inquiry(let inquiry): inquiry.money
        case .refundInquiry(let inquiry): inquiry.money
        case .accountValidation: nil
        }
    }

    /// Whether a repeat at the gateway could move money a second time.
    public var movesMoney: Bool {
        switch self {
        case .payment, .authorize, .capture, .void, .refund: true
        case .inquiry, .refundInquiry, .accountValidation: false
        }
    }
}
