import AdapterKit
import Payments
import TestKit

/// A transport that makes one of the mistakes that a transport can make.
struct MutatedTransport: EgressTransport {
    let real: SimulatedTransport
    let mutation: SimulatedMutation?

    func send(_ request: EgressRequest, to endpoint: Endpoint) async throws(TransportFailure) -> GatewayResponse {
        do { return try await real.send(request, to: endpoint) } catch {
            switch mutation {
            case .resendOnUnknown where error.requestMayHaveLeft: return try await real.send(request, to: endpoint)
            case .failoverWithoutAsking:
                throw TransportFailure(
                    code: error.code, phase: error.phase, requestMayHaveLeft: error.requestMayHaveLeft,
                    certainlyNotProcessed: true, detail: "mutated")
            default: throw error
            }
        }
    }
}
