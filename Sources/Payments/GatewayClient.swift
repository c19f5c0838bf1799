import AdapterKit
public import Logging
import Metrics
import Signing

/// One exchange with a gateway: sign, send, verify. What it means is for the adapter to say.
public struct GatewayClient: Sendable {
    enum Exchange: Sendable {
        /// A complete answer, its signature verified where the gateway signs.
        case answered(GatewayResponse)
        /// An answer whose signature is missing or wrong: nothing in it is believed.
        case unverified(status: Int)
        case failed(TransportFailure)
        /// It could not be signed, or our credentials open no session: nothing left.
        case unsigned(reason: String)
        /// No session could be had for now: nothing left.
        case closed(reason: String)
    }

    private let transport: any EgressTransport
    private let sessions: Sessions
    private let time: any TimeSource
    private let random: any RandomSource

    public init(transport: any EgressTransport, time: any TimeSource, random: any RandomSource, logger: Logger) {
        self.transport = IdentityCheck(transport: transport, time: time)
        sessions = Sessions(transport: self.transport, time: time, logger: logger)
        self.time = time
        self.random = random
    }

    /// Takes no longer than the gateway's time-out for an attempt, a session's renewal included.
    /// - Parameter signedAt: the time-stamp stored with the attempt; all its signatures carry it.
    func exchange(_ request: GatewayRequest, for operation: OperationName, at gateway: Gateway, signedAt: Timestamp) async
        -> Exchange
    {
        let end = time.monotonic() + gateway.endpoint.attemptTimeout
        guard case .session(let session) = gateway.adapter.authentication else {
            return await exchange(request, for: operation, at: gateway, signedAt: signedAt, token: nil, until: end)
        }
        do throws(Sessions.Failure) {
            let token = try await sessions.token(of: session, at: gateway, until: end)
            let first = await exchange(request, for: operation, at: gateway, signedAt: signedAt, token: token, until: end)
            // The token has ended before its time. A 401 says that nothing was done (protocols/README.md, "auth-failure").
            guard case .answered(let response) = first, response.status == 401,
                let renewed = try? await sessions.token(of: session, at: gateway, until: end, otherThan: token),
                time.monotonic() + leastTime(at: gateway) < end
            else { return first }
            return await exchange(request, for: operation, at: gateway, signedAt: signedAt, token: renewed, until: end)
        } catch {
            return error == .refused ? .unsigned(reason: error.rawValue) : .closed(reason: error.rawValue)
        }
    }

    /// What must be left of an attempt once its session is open: a request that is bound to time out would be `unknown`.
    private func leastTime(at gateway: Gateway) -> Duration { gateway.endpoint.attemptTimeout / 3 }

    private func exchange(
        _ request: GatewayRequest, for operation: OperationName, at gateway: Gateway, signedAt: Timestamp, token: Secret?,
        until end: Duration
    ) async -> Exchange {
        let requestID = Hex.encode(random.bytes(16))
        let signer = RequestSigner(endpoint: gateway.endpoint, requestID: requestID, signedAt: signedAt)
        let signed: EgressRequest
        do { signed = try signer.signed(request, by: gateway.adapter.authentication, token: token) } catch {
            return .unsigned(reason: error.reason)
        }
        let started = time.monotonic()
        guard token == nil || started + leastTime(at: gateway) <= end else {
            return .closed(reason: Sessions.Failure.unavailable.rawValue)
        }
        var endpoint = gateway.endpoint
        endpoint.attemptTimeout = end - started
        do {
            let response = try await transport.send(signed, to: endpoint)
            measure(since: started, operation, gateway, ("http_response_status_code", String(response.status)))
            return verified(response, of: gateway, requestID: requestID)
        } catch {
            measure(since: started, operation, gateway, ("error_type", error.code.rawValue))
            return .failed(error)
        }
    }

    /// The signature is checked before the status, whatever the status. Its time-stamp is signed, not judged.
    private func verified(_ response: GatewayResponse, of gateway: Gateway, requestID: String) -> Exchange {
        guard case .hmacV1(let scheme) = gateway.adapter.authentication, scheme.verifiesResponses else {
            return .answered(response)
        }
        guard let signature = response.headers.single("X-Signature"), let timestamp = response.headers.single("X-Timestamp")
        else {
            return .unverified(status: response.status)
        }
        let answer = HMACV1.Answer(status: response.status, body: response.body, requestID: requestID, timestamp: timestamp)
        let keys = KeyRing(scheme.keys).verifyingAnswers(at: time.now())
        return HMACV1.verify(signature, of: answer, with: keys.map(\.secret))
            ? .answered(response) : .unverified(status: response.status)
    }

    private func measure(since started: Duration, _ operation: OperationName, _ gateway: Gateway, _ result: (String, String)) {
        Metrics.Timer(
            label: "http_client_request_duration_seconds",
            dimensions: [("gateway", gateway.name), ("operation", operation.rawValue), result]
        ).recordNanoseconds((time.monotonic() - started).wholeMicroseconds * 1000)
    }
}

extension Duration {
    /// Whole microseconds, rounded towards zero.
    var wholeMicroseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}
