import HTTPTypes
import Payments

/// The paths of the payments API. Matched on the path as it came, never decoded: `%2f`, `..` and the like match nothing.
enum APIRoute: Equatable {
    case payments
    case payment(PaymentID)
    case capture(PaymentID)
    case void(PaymentID)
    case sync(PaymentID)
    case refunds(PaymentID)
    case accountValidation
    case gateways
    case events
    case document

    init?(path: Substring) {
        let pieces = path.split(separator: "/", omittingEmptySubsequences: false)
        guard pieces.first == "" else { return nil }
        switch pieces.dropFirst() {
        case ["openapi.yaml"]: self = .document
        case ["v1", "payments"]: self = .payments
        case ["v1", "gateways"]: self = .gateways
        case ["v1", "events"]: self = .events
        case ["v1", "accounts", "validate"]: self = .accountValidation
        case let rest where rest.starts(with: ["v1", "payments"]):
            guard let id = rest.dropFirst(2).first.flatMap({ PaymentID(String($0)) }) else { return nil }
            self.init(id, rest.dropFirst(3))
        default: return nil
        }
    }

    private init?(_ id: PaymentID, _ rest: ArraySlice<Substring>) {
        switch rest {
        case []: self = .payment(id)
        case ["capture"]: self = .capture(id)
        case ["void"]: self = .void(id)
        case ["sync"]: self = .sync(id)
        case ["refunds"]: self = .refunds(id)
        default: return nil
        }
    }

    var methods: [HTTPRequest.Method] {
        switch self {
        case .payments: [.get, .post]
        case .payment, .gateways, .events, .document: [.get]
        case .capture, .void, .sync, .refunds, .accountValidation: [.post]
        }
    }

    /// The path with its parameter's name: what metrics may say.
    var template: String {
        switch self {
        case .payments: "/v1/payments"
        case .payment: "/v1/payments/{id}"
        case .capture: "/v1/payments/{id}/capture"
        case .void: "/v1/payments/{id}/void"
        case .sync: "/v1/payments/{id}/sync"
        case .refunds: "/v1/payments/{id}/refunds"
        case .accountValidation: "/v1/accounts/validate"
        case .gateways: "/v1/gateways"
        case .events: "/v1/events"
        case .document: "/openapi.yaml"
        }
    }
}
