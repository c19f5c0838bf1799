internal import AdapterKit

/// Sends nothing with a client certificate that cannot prove who we are: a gateway that should let it pass all the same would
/// take us for somebody whose word is no longer good.
struct IdentityCheck: EgressTransport {
    let transport: any EgressTransport
    let time: any TimeSource

    func send(_ request: EgressRequest, to endpoint: Endpoint) async throws(TransportFailure) -> GatewayResponse {
        if let fault = endpoint.identity?.fault(at: time.now()) {
            throw TransportFailure(
                code: fault, phase: .name, requestMayHaveLeft: false, certainlyNotProcessed: true,
                detail: "our client certificate cannot be used")
        }
        return try await transport.send(request, to: endpoint)
    }
}
