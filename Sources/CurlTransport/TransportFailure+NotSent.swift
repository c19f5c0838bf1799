internal import Payments

extension TransportFailure {
    /// Nothing was handed to the network.
    static func notSent(_ detail: String) -> TransportFailure {
        TransportFailure(code: .notSent, phase: .name, requestMayHaveLeft: false, certainlyNotProcessed: true, detail: detail)
    }
}
