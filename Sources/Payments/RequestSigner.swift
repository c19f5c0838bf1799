import AdapterKit
import Signing

/// Puts on a request what proves who we are, anew for every attempt.
struct RequestSigner {
    /// It cannot be signed: nothing leaves.
    struct Failure: Error { let reason: String }

    let endpoint: Endpoint
    /// 32 hexadecimal digits of its own for each exchange: ties an answer to its request, and serves as nonce.
    let requestID: String
    /// The time-stamp stored with the attempt; all its signatures carry it.
    let signedAt: Timestamp

    /// - Parameter token: where the gateway is entered by a session.
    func signed(
        _ request: GatewayRequest, by authentication: Authentication, token: Secret?
    ) throws(Failure) -> EgressRequest {
        let headers =
            switch authentication {
            case .none: plain(request)
            case .bearer(let key): try bearing(key, request)
            case .session: try bearing(token, request)
            case .hmacV1(let scheme): try signed(request, with: scheme)
            case .nonceSigned(let scheme): try signed(request, with: scheme)
            }
        return EgressRequest(method: request.method, target: request.target, headers: headers, body: request.body)
    }

    private func plain(_ request: GatewayRequest) -> Headers {
        var headers = request.headers
        if let key = request.idempotencyKey { headers.add("Idempotency-Key", key) }
        return headers
    }

    private func bearing(_ key: Secret?, _ request: GatewayRequest) throws(Failure) -> Headers {
        guard let key, let text = String(validating: key.bytes, as: UTF8.self), !text.isEmpty,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw Failure(reason: "key_is_no_header_value") }
        var headers = plain(request)
        headers.add("Authorization", "Bearer \(text)")
        return headers
    }

    /// Headers of protocols/bank-hmac.md, "Signature v1".
    private func signed(_ request: GatewayRequest, with scheme: Authentication.HMACV1) throws(Failure) -> Headers {
        let key = try key(of: scheme.keys)
        let idempotencyKey = request.idempotencyKey ?? (request.method == .post ? requestID : "")
        let timestamp = signedAt.rfc3339WholeSeconds
        let message = HMACV1.Request(
            method: request.method.rawValue, target: endpoint.basePath + request.target, body: request.body,
            tenant: scheme.tenant, idempotencyKey: idempotencyKey, timestamp: timestamp)
        guard let signature = try? HMACV1.signature(of: message, with: key.secret) else {
            throw Failure(reason: "cannot_be_signed")
        }
        var headers = request.headers
        headers.add("X-Tenant-Id", scheme.tenant)
        headers.add("X-Key-Id", key.id)
        headers.add("X-Timestamp", timestamp)
        headers.add("X-Request-Id", requestID)
        if !idempotencyKey.isEmpty { headers.add("Idempotency-Key", idempotencyKey) }
        headers.add("X-Signature", signature)
        return headers
    }

    private func signed(_ request: GatewayRequest, with scheme: NonceSigned) throws(Failure) -> Headers {
        let key = try key(of: scheme.keys)
        let timestamp = signedAt.rfc3339WholeSeconds
        let message = NonceSignature.Message(
            method: request.method.rawValue, path: endpoint.basePath + request.target.prefix { $0 != "?" }, timestamp: timestamp,
            nonce: requestID, body: request.body)
        var headers = plain(request)
        headers.add(scheme.names.sender, scheme.sender)
        headers.add(scheme.names.timestamp, timestamp)
        headers.add(scheme.names.nonce, requestID)
        headers.add(scheme.names.keyID, key.id)
        headers.add(scheme.names.signature, NonceSignature.code(of: message, with: key.secret))
        if let payload = scheme.payload {
            guard let signature = NonceSignature.payloadSignature(of: message, payload) else {
                throw Failure(reason: "cannot_be_signed")
            }
            headers.add(scheme.names.payloadSignature, signature)
        }
        return headers
    }

    private func key(of keys: [SigningKey]) throws(Failure) -> SigningKey {
        guard let key = KeyRing(keys).signing(at: signedAt) else { throw Failure(reason: "no_valid_signing_key") }
        return key
    }
}
