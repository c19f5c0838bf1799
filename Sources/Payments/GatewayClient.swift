import AdapterKit
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
        /// It could not be signed: nothing left.
        case unsigned(reason: String)
    }

    private let transport: any EgressTransport
    private let time: any TimeSource
    private let random: any RandomSource

    public init(transport: any EgressTransport, time: any TimeSource, random: any RandomSource) {
        self.transport = transport
        self.time = time
        self.random = random
    }

    /// - Parameter signedAt: the time-stamp stored with the attempt; all its signatures carry it.
    func exchange(_ request: GatewayRequest, for operation: OperationName, at gateway: Gateway, signedAt: Timestamp) async
        -> Exchange
    {
        let requestID = Hex.encode(random.bytes(16))
        let signed: EgressRequest
        switch gateway.adapter.authentication {
        case .none:
            signed = EgressRequest(method: request.method, target: request.target, headers: request.headers, body: request.body)
        case .hmacV1(let scheme):
            do { signed = try sign(request, with: scheme, requestID: requestID, at: signedAt, to: gateway.endpoint) } catch {
                return .unsigned(reason: error.reason)
            }
        }
        let started = time.monotonic()
        do {
            let response = try await transport.send(signed, to: gateway.endpoint)
            measure(since: started, operation, gateway, ("http_response_status_code", String(response.status)))
            return verified(response, of: gateway, requestID: requestID)
        } catch {
            measure(since: started, operation, gateway, ("error_type", error.code.rawValue))
            return .failed(error)
        }
    }

    private struct SigningFailure: Error { let reason: String }

    /// Headers of protocols/bank-hmac.md, "Signature v1". `X-Request-Id` is made anew for every attempt: it ties the answer to it.
    private func sign(
        _ request: GatewayRequest, with scheme: Authentication.HMACV1, requestID: String, at signedAt: Timestamp,
        to endpoint: Endpoint
    ) throws(SigningFailure) -> EgressRequest {
        guard let key = KeyRing(scheme.keys).signing(at: signedAt) else { throw SigningFailure(reason: "no_valid_signing_key") }
        let idempotencyKey = request.idempotencyKey ?? (request.method == .post ? requestID : "")
        let timestamp = signedAt.rfc3339WholeSeconds
        let message = HMACV1.Request(
            method: request.method.rawValue, target: endpoint.basePath + request.target, body: request.body,
            tenant: scheme.tenant,
            idempotencyKey: idempotencyKey, timestamp: timestamp)
        guard let signature = try? HMACV1.signature(of: message, with: key.secret) else {
            throw SigningFailure(reason: "cannot_be_signed")
        }
        var headers = request.headers
        headers.add("X-Tenant-Id", scheme.tenant)
        headers.add("X-Key-Id", key.id)
        headers.add("X-Timestamp", timestamp)
        headers.add("X-Request-Id", requestID)
        if !idempotencyKey.isEmpty { headers.add("Idempotency-Key", idempotencyKey) }
        headers.add("X-Signature", signature)
        return EgressRequest(method: request.method, target: request.target, headers: headers, body: request.body)
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
