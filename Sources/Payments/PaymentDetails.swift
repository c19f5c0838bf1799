import AdapterKit

/// The part of a payment that is stored encrypted: what the caller said of people, accounts and purposes.
struct PaymentDetails: Sendable, Equatable {
    var description: String?
    var metadata: JSON
    /// What may be shown of the method.
    var shownMethod: JSON
    /// The method as given, without a CVC; without a card number unless the payment is queued.
    var method: JSON
    var customer: JSON
    var content: Content

    /// How much of what a gateway is sent is stored here.
    enum Content: String, Sendable {
        /// All of it: it may be repeated where it was sent (O3).
        case whole
        /// All but a CVC, which is never stored: enough for a gateway that was sent nothing yet.
        case withoutCVC = "without_cvc"
        case none
    }

    init(_ request: PaymentRequest, keepingCardNumber: Bool = false) {
        description = request.description
        metadata = .object(request.metadata)
        shownMethod = request.method.shown
        var stored = request.method
        if case .card(var card) = stored {
            card.cvc = nil
            stored = .card(card)
        }
        method = stored.json
        customer = request.customer ?? .null
        content = .withoutCVC
        if !keepingCardNumber { dropCardNumber() }
        if method == request.method.json { content = .whole }
    }

    /// For a record that no key opens: nothing but the kind of its method is known.
    init(unreadable kind: PaymentMethod.Kind) {
        metadata = .object([])
        shownMethod = .members([("type", .string(kind.rawValue))])
        method = .null
        customer = .null
        content = .none
    }

    /// Takes out what only a queued payment keeps (R5): a card's number, also where it stands in place of a token.
    mutating func dropCardNumber() {
        guard let kind = method["type"]?.text, let body = method[kind]?.members else { return }
        let kept = body.filter { $0.name != "number" }.map { member in
            guard member.name == "token", let token = member.value.text else { return member }
            return JSON.Member("token", .string(CardNumberMask.mask(token)))
        }
        guard kept != body else { return }
        method = .members([("type", .string(kind)), (kind, .object(kept))])
        content = .none
    }

    init(sealed: [UInt8], of payment: PaymentID, vault: Vault) throws(VaultFailure) {
        let plain = try vault.open(sealed, for: payment.text)
        guard let json = try? JSON(parsing: plain) else { throw VaultFailure(reason: .malformed) }
        description = json["description"]?.text
        metadata = json["metadata"] ?? .object([])
        shownMethod = json["shown"] ?? .null
        method = json["method"] ?? .null
        customer = json["customer"] ?? .null
        content = json["content"]?.text.flatMap(Content.init) ?? .none
    }

    func sealed(for payment: PaymentID, vault: Vault) throws(VaultFailure) -> [UInt8] {
        let json = JSON.members([
            ("description", .optional(description)), ("metadata", metadata), ("shown", shownMethod), ("method", method),
            ("customer", customer), ("content", .string(content.rawValue)),
        ])
        return try vault.seal(json.encoded(), for: payment.text)
    }
}

/// A sealed part and what is in it.
struct OpenDetails: Sendable {
    let sealed: [UInt8]
    let plain: PaymentDetails
}

extension PaymentMethod {
    /// `type` and what may be shown of the rest (openapi.yaml, `Payment.method`).
    var shown: JSON {
        let body: JSON? =
            switch self {
            case .card(let card): card.shown
            case .pix(let pix): pix.key.map { .members([("key", .string(Self.masked($0)))]) }
            case .upi(let upi):
                .members([
                    ("flow", .string(upi.flow.rawValue)), ("payer_vpa", .string(Self.masked(upi.payerVPA))),
                    ("payee_vpa", .string(Self.masked(upi.payeeVPA))),
                ])
            case .bankTransfer(let transfer):
                .members([
                    ("debtor", .members([("account", .string(Self.masked(transfer.debtor.account)))])),
                    ("creditor", .members([("account", .string(Self.masked(transfer.creditor.account)))])),
                ])
            case .wallet(let wallet): .members([("provider", .string(CardNumberMask.mask(wallet.provider)))])
            }
        return .present([("type", .string(kind.rawValue)), (kind.rawValue, body)])
    }

    /// The first character and what follows an `@`, or the last two characters: enough to recognise one's own.
    private static func masked(_ text: String) -> String {
        guard text.count > 4 else { return "***" }
        if let at = text.lastIndex(of: "@"), at > text.startIndex { return "\(text.prefix(1))***\(text[at...])" }
        return "***\(text.suffix(2))"
    }
}

extension PaymentMethod.Card {
    fileprivate var shown: JSON? {
        guard let number else { return nil }
        return .members([
            ("brand", .optional(brand)), ("first_six", .string(String(number.prefix(6)))),
            ("last_four", .string(String(number.suffix(4)))),
        ])
    }

    /// By the ranges that the networks publish for their issuer numbers; `nil` where none of them matches.
    private var brand: String? {
        guard let number, let prefix = Int(number.prefix(4)) else { return nil }
        switch prefix {
        case 4000...4999: return "visa"
        case 5100...5599, 2221...2720: return "mastercard"
        case 3400...3499, 3700...3799: return "amex"
        case 6011, 6440...6599: return "discover"
        case 3528...3589: return "jcb"
        default: return nil
        }
    }
}
