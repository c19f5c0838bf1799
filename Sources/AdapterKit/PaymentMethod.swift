/// How the payer pays, as the normalised API says it (openapi.yaml, `Method`).
public enum PaymentMethod: Sendable, Equatable {
    case card(Card)
    case pix(Pix)
    case upi(UPI)
    case bankTransfer(BankTransfer)
    case wallet(Wallet)

    /// The kinds of method: what routes match and gateways declare.
    public enum Kind: String, Sendable, CaseIterable, Codable {
        case card, pix, upi
        case bankTransfer = "bank_transfer"
        case wallet
    }

    public struct Card: Sendable, Equatable {
        public var token: String?
        /// 12 to 19 digits. Never logged; stored only encrypted while its payment is queued or a dead letter.
        public var number: String?
        public var expiryMonth: Int?
        public var expiryYear: Int?
        /// Never stored, never logged.
        public var cvc: String?
        public var holder: String?

        public init(
            token: String? = nil, number: String? = nil, expiryMonth: Int? = nil, expiryYear: Int? = nil,
            cvc: String? = nil, holder: String? = nil
        ) {
            self.token = token
            self.number = number
            self.expiryMonth = expiryMonth
            self.expiryYear = expiryYear
            self.cvc = cvc
            self.holder = holder
        }
    }

    public struct Pix: Sendable, Equatable {
        public var key: String?
        /// Seconds until the charge expires, 60 to 2,592,000.
        public var expiresIn: Int
        public var payerTaxID: String?
        public var payerName: String?

        public init(key: String? = nil, expiresIn: Int = 3600, payerTaxID: String? = nil, payerName: String? = nil) {
            self.key = key
            self.expiresIn = expiresIn
            self.payerTaxID = payerTaxID
            self.payerName = payerName
        }
    }

    public struct UPI: Sendable, Equatable {
        public enum Flow: String, Sendable, CaseIterable { case pay, collect }
        public var flow: Flow
        public var payerVPA: String
        public var payeeVPA: String

        public init(flow: Flow = .pay, payerVPA: String, payeeVPA: String) {
            self.flow = flow
            self.payerVPA = payerVPA
            self.payeeVPA = payeeVPA
        }
    }

    public struct BankAccount: Sendable, Equatable {
        public var account: String
        public var agent: String?
        public var name: String?

        public init(account: String, agent: String? = nil, name: String? = nil) {
            self.account = account
            self.agent = agent
            self.name = name
        }
    }

    public struct BankTransfer: Sendable, Equatable {
        public var debtor: BankAccount
        public var creditor: BankAccount

        public init(debtor: BankAccount, creditor: BankAccount) {
            self.debtor = debtor
            self.creditor = creditor
        }
    }

    public struct Wallet: Sendable, Equatable {
        public var provider: String
        public var token: String?
        public var returnURL: String?

        public init(provider: String, token: String? = nil, returnURL: String? = nil) {
            self.provider = provider
            self.token = token
            self.returnURL = returnURL
        }
    }

    public var kind: Kind {
        switch self {
        case .card: .card
        case .pix: .pix
        case .upi: .upi
        case .bankTransfer: .bankTransfer
        case .wallet: .wallet
        }
    }

    /// The method in the shape of the normalised API, members that were not given left out.
    public var json: JSON {
        let body: JSON
        switch self {
        case .card(let card):
            body = .present([
                ("token", card.token.map { .string($0) }), ("number", card.number.map { .string($0) }),
                ("exp_month", card.expiryMonth.map { .integer(Int64($0)) }),
                ("exp_year", card.expiryYear.map { .integer(Int64($0)) }),
                ("cvc", card.cvc.map { .string($0) }), ("holder", card.holder.map { .string($0) }),
            ])
        case .pix(let pix):
            body = .present([
                ("key", pix.key.map { .string($0) }), ("expires_in", .integer(Int64(pix.expiresIn))),
                ("payer_tax_id", pix.payerTaxID.map { .string($0) }), ("payer_name", pix.payerName.map { .string($0) }),
            ])
        case .upi(let upi):
            body = .members([
                ("flow", .string(upi.flow.rawValue)), ("payer_vpa", .string(upi.payerVPA)), ("payee_vpa", .string(upi.payeeVPA)),
            ])
        case .bankTransfer(let transfer):
            body = .members([("debtor", transfer.debtor.json), ("creditor", transfer.creditor.json)])
        case .wallet(let wallet):
            body = .present([
                ("provider", .string(wallet.provider)), ("token", wallet.token.map { .string($0) }),
                ("return_url", wallet.returnURL.map { .string($0) }),
            ])
        }
        return .members([("type", .string(kind.rawValue)), (kind.rawValue, body)])
    }
}

extension PaymentMethod.BankAccount {
    fileprivate var json: JSON {
        .present([("account", .string(account)), ("agent", agent.map { .string($0) }), ("name", name.map { .string($0) })])
    }
}

extension JSON {
    /// Builds an object from the members that have a value.
    public static func present(_ members: [(String, JSON?)]) -> JSON {
        var present: [Member] = []
        present.reserveCapacity(members.count)
        for (name, value) in members {
            if let value { present.append(Member(name, value)) }
        }
        return .object(present)
    }
}
