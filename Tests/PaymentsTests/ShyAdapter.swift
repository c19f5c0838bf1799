import AdapterKit
import BankHMAC

/// The real adapter at a bank that knows no reference but its own: it cannot be asked by ours, and refunds cannot be asked about at
/// all. The same reference again answers any question.
struct ShyAdapter: GatewayAdapter {
    static let name = BankHMACAdapter.name
    static let summary = BankHMACAdapter.summary
    static let settings = BankHMACAdapter.settings
    static let loggableMembers = BankHMACAdapter.loggableMembers

    private let real: BankHMACAdapter

    init(settings: AdapterSettings) throws(SettingsFailure) { real = try BankHMACAdapter(settings: settings) }

    var authentication: Authentication { real.authentication }
    var account: [String] { real.account }

    var capabilities: Capabilities {
        var capabilities = real.capabilities
        capabilities.inquiryByReference = false
        capabilities.notFoundFinalAfter = nil
        capabilities.idempotency = .limited(.seconds(86_400))
        return capabilities
    }

    func request(for operation: Operation) throws(EncodingFailure) -> GatewayRequest {
        switch operation {
        case .inquiry(let inquiry):
            guard let reference = inquiry.gatewayReference else { throw EncodingFailure(reason: "needs the bank's reference") }
            return GatewayRequest(
                method: .get, target: "/v1/charges/\(inquiry.charge)", headers: Headers([("X-Bank-Reference", reference)]))
        case .refundInquiry: throw EncodingFailure(reason: "not_supported")
        case .payment(let charge), .authorize(let charge):
            guard charge.description != "unspeakable" else { throw EncodingFailure(reason: "description") }
        default: break
        }
        return try real.request(for: operation)
    }

    func outcome(of response: GatewayResponse, for operation: Operation) -> Outcome {
        real.outcome(of: response, for: operation)
    }

    func inquiryAnswer(of response: GatewayResponse, for operation: Operation) -> InquiryAnswer {
        real.inquiryAnswer(of: response, for: operation)
    }
}
