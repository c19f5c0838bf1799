public import AdapterKit
public import Payments

extension FakeTransport.Step {
    /// No complete answer comes.
    public static func fails(_ failure: TransportFailure) -> Self {
        Self { _ throws(TransportFailure) in throw failure }
    }

    /// The answer as it is, signed by nobody.
    public static func unsigned(_ response: GatewayResponse) -> Self { Self { _ in response } }

    /// The request has left; what follows waits until the gate is opened.
    public static func held(by gate: Gate, then step: Self) -> Self {
        Self { request throws(TransportFailure) in
            await gate.passed()
            return try await step.act(request)
        }
    }

    /// Looks at the request before anything else happens.
    public func after(_ look: @escaping @Sendable (EgressRequest) async -> Void) -> Self {
        Self { request throws(TransportFailure) in
            await look(request)
            return try await self.act(request)
        }
    }
}

extension TransportFailure {
    /// A failure with the phase and the proof that usually go with its code.
    public static func sample(_ code: Code) -> TransportFailure {
        let phase: Phase =
            switch code {
            case .nameNotResolved: .name
            case .connectRefused, .connectTimedOut, .proxyFailed, .notSent: .connect
            case .attemptTimedOut, .resendPrevented: .waiting
            case .connectionLost, .responseTooLarge, .responseHeadersTooLarge, .responseMalformed: .receiving
            default: .tls
            }
        let hasLeft = phase == .waiting || phase == .receiving
        return TransportFailure(
            code: code, phase: phase, requestMayHaveLeft: hasLeft, certainlyNotProcessed: !hasLeft, detail: "scripted")
    }
}
