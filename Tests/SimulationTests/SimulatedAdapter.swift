import AdapterKit
import BankHMAC
import Synchronization

/// The real adapter, with what this world's bank promises, and with the mistakes that an adapter can make.
struct SimulatedAdapter: GatewayAdapter {
    static let name = BankHMACAdapter.name
    static let summary = BankHMACAdapter.summary
    static let settings = BankHMACAdapter.settings
    static let loggableMembers = BankHMACAdapter.loggableMembers

    private let real: BankHMACAdapter
    var capabilities: Capabilities
    var mutation: SimulatedMutation?
    private let reversals = Counter()

    init(settings: AdapterSettings) throws(SettingsFailure) {
        real = try BankHMACAdapter(settings: settings)
        capabilities = real.capabilities
    }

    var authentication: Authentication { real.authentication }
    var account: [String] { real.account }

    func request(for operation: Operation) throws(EncodingFailure) -> GatewayRequest {
        guard mutation == .reverseTwice else { return try real.request(for: operation) }
        return try real.request(for: reversals.renamed(operation))
    }

    func outcome(of response: GatewayResponse, for operation: Operation) -> Outcome {
        let outcome = real.outcome(of: response, for: operation)
        return mutation == .applyWrongAmount ? outcome.asAsked(by: operation) : outcome
    }

    func inquiryAnswer(of response: GatewayResponse, for operation: Operation) -> InquiryAnswer {
        if mutation == .countRateLimitAsAnswer, response.status == 429 { return .notFound }
        let answer = real.inquiryAnswer(of: response, for: operation)
        guard mutation == .applyWrongAmount, case .found(let outcome) = answer else { return answer }
        return .found(outcome.asAsked(by: operation))
    }

    /// Gives every reversal another reference.
    private final class Counter: Sendable {
        private let count = Mutex(0)

        func renamed(_ operation: Operation) -> Operation {
            switch operation {
            case .void(var void) where void.reference.hasPrefix("rev_"):
                void.reference += next()
                return .void(void)
            case .refund(var refund) where refund.reference.hasPrefix("rev_"):
                refund.reference += next()
                return .refund(refund)
            default: return operation
            }
        }

        private func next() -> String {
            count.withLock { count in
                count += 1
                return "-\(count)"
            }
        }
    }
}

extension Outcome {
    /// The same with the amount that was asked for in place of the gateway's.
    fileprivate func asAsked(by operation: Operation) -> Outcome {
        guard case .approved(var approval) = self, let money = operation.money else { return self }
        approval.money = money
        approval.captured = nil
        return .approved(approval)
    }
}
