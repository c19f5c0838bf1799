import AdapterKit

/// The operations that the suite asks an adapter for, by the names that fixtures use.
public enum SampleOperation: String, Sendable, CaseIterable {
    case payment, authorize, capture, void, refund, inquiry
    case refundInquiry = "refund_inquiry"
    case accountValidation = "account_validation"

    /// What a gateway must offer for the operation to make sense.
    var needs: Set<OperationName> {
        switch self {
        case .payment: [.payment]
        case .authorize: [.authorize]
        case .capture: [.capture]
        case .void: [.void]
        case .refund: [.refund]
        case .inquiry: [.inquiry]
        case .refundInquiry: [.inquiry, .refund]
        case .accountValidation: [.accountValidation]
        }
    }

    /// Our reference: what the request must carry. Fixtures answer these.
    func reference(_ references: SampleReferences) -> String {
        switch self {
        case .payment, .authorize, .inquiry: references.charge
        case .capture: references.capture
        case .void: references.void
        case .refund, .refundInquiry: references.refund
        case .accountValidation: ""
        }
    }

    /// A void takes all there is, an inquiry may leave the amount out.
    var namesAmount: Bool {
        switch self {
        case .payment, .authorize, .capture, .refund: true
        default: false
        }
    }

    /// The operation, with a canary wherever something secret or personal can stand.
    func operation(money: Money, method: PaymentMethod, _ references: SampleReferences) -> Operation {
        let reference = reference(references)
        let charge = Operation.Charge(reference: reference, money: money, method: method, description: Canary.description)
        switch self {
        case .payment: return .payment(charge)
        case .authorize: return .authorize(charge)
        case .capture:
            return .capture(
                .init(
                    reference: reference, charge: references.charge, gatewayReference: references.gateway, authorized: money,
                    money: money))
        case .void:
            return .void(
                .init(reference: reference, charge: references.charge, gatewayReference: references.gateway, authorized: money))
        case .refund:
            return .refund(
                .init(
                    reference: reference, charge: references.charge, gatewayReference: references.gateway, money: money,
                    reason: Canary.reason))
        case .inquiry: return .inquiry(.init(charge: references.charge, gatewayReference: references.gateway, money: money))
        case .refundInquiry:
            return .refundInquiry(
                .init(reference: reference, charge: references.charge, gatewayReference: references.gateway, money: money))
        case .accountValidation: return .accountValidation(.init(kind: .vpa, value: Canary.vpa))
        }
    }
}

/// The references that the sample operations carry.
public struct SampleReferences: Sendable {
    public var charge = "pay_1"
    public var capture = "cap_1"
    public var void = "void_1"
    public var refund = "ref_1"
    /// The gateway's own of the charge.
    public var gateway: String

    public init(gateway: String = "gw_1") { self.gateway = gateway }

    /// Of the length that the runtime gives them, for gateways that take no other.
    public static func long(gateway: String) -> SampleReferences {
        var references = SampleReferences(gateway: gateway)
        references.charge = "pay_" + tail("1")
        references.capture = "cap_" + tail("2")
        references.void = "void_" + tail("3")
        references.refund = "ref_" + tail("4")
        return references
    }

    private static func tail(_ last: String) -> String { String(repeating: "0", count: 25) + last }
}

/// Values that must never be seen in a log, each unlike anything else in a request.
enum Canary {
    static let number = "4111111111111111"
    static let cvc = "7391"
    static let holder = "CANARY HOLDER"
    static let token = "tok_canary_8h2k"
    static let taxID = "39053344705"
    static let name = "Canary Payer Silva"
    static let pixKey = "canary.payee@example.com"
    static let vpa = "canary.payer@upi"
    static let payeeVPA = "canary.payee@upi"
    static let debtorAccount = "BR1500000000000010932840814P2"
    static let creditorAccount = "DE89370400440532013000"
    static let creditorName = "Canary Creditor GmbH"
    static let returnURL = "https://shop.example/canary-return"
    static let description = "canary description of an order"
    static let reason = "canary reason of a refund"

    static let all = [
        number, cvc, holder, token, taxID, name, pixKey, vpa, payeeVPA, debtorAccount, creditorAccount, creditorName, returnURL,
        description, reason,
    ]
}

extension PaymentMethod.Kind {
    /// A method of this kind with everything filled in that it can hold.
    var sample: PaymentMethod {
        switch self {
        case .card:
            .card(
                .init(
                    token: Canary.token, number: Canary.number, expiryMonth: 12, expiryYear: 2031, cvc: Canary.cvc,
                    holder: Canary.holder))
        case .pix: .pix(.init(key: Canary.pixKey, expiresIn: 600, payerTaxID: Canary.taxID, payerName: Canary.name))
        case .upi: .upi(.init(flow: .collect, payerVPA: Canary.vpa, payeeVPA: Canary.payeeVPA))
        case .bankTransfer:
            .bankTransfer(
                .init(
                    debtor: .init(account: Canary.debtorAccount, agent: "ITAUBRSP", name: Canary.name),
                    creditor: .init(account: Canary.creditorAccount, agent: "COBADEFF", name: Canary.creditorName)))
        case .wallet: .wallet(.init(provider: "acme_pay", token: Canary.token, returnURL: Canary.returnURL))
        }
    }
}
