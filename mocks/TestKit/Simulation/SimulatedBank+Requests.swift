package import AdapterKit
package import Payments
import Signing

extension SimulatedBank {
    /// Carries a request out, now.
    package func receive(_ request: EgressRequest) -> SimulatedReply {
        guard isFresh(request) else { return .refusal(401, "STALE") }
        if request.method == .post { watch(request.reference) }
        let pieces = request.target.split(separator: "/").map(String.init)
        let body = request.method == .post ? (try? JSON(parsing: request.body)) ?? .null : .null
        let (own, amount) = (body["reference"]?.text ?? "", body["amount"]?.integer ?? 0)
        switch (request.method, pieces.count, pieces.last) {
        case (.post, 2, _):
            return charge(
                own, amount: amount, currency: body["currency"]?.text ?? "", captures: body["capture"]?.bool ?? true)
        case (.get, 3, _): return inquiry(pieces[2])
        case (.post, 4, "captures"): return capture(own, of: pieces[2], amount: amount)
        case (.post, 4, "voids"): return void(own, of: pieces[2])
        case (.post, 4, "refunds"): return refund(own, of: pieces[2], amount: amount)
        case (.get, 5, _): return refundInquiry(pieces[4], of: pieces[2])
        default: return .refusal(404, "NO_SUCH_PATH")
        }
    }

    private func isFresh(_ request: EgressRequest) -> Bool {
        guard let text = request.headers.single("X-Timestamp"), let sent = Timestamp(wholeSecondsRFC3339: text) else {
            return false
        }
        return abs(SimulatedProcess.start.seconds + schedule.elapsed / 1_000_000 - sent.seconds) <= tolerance
    }

    /// The answer as it goes on the wire.
    package func signed(_ reply: SimulatedReply, to request: EgressRequest, secret: String = FakeTransport.Step.secretText)
        -> GatewayResponse
    {
        let (bytes, timestamp) = (reply.body.encoded(), "2026-01-01T00:00:00Z")
        let answer = HMACV1.Answer(
            status: reply.status, body: bytes, requestID: request.headers.single("X-Request-Id") ?? "", timestamp: timestamp)
        let signature = (try? HMACV1.signature(of: answer, with: Secret(text: secret))) ?? ""
        return GatewayResponse(
            status: reply.status,
            headers: Headers(reply.headers + [("X-Timestamp", timestamp), ("X-Signature", signature)]), body: bytes)
    }
}

extension EgressRequest {
    /// Our own reference: that of a new charge, capture, void or refund, or of the charge or refund that is asked about.
    package var reference: String {
        headers.single("Idempotency-Key") ?? target.split(separator: "/").last.map(String.init) ?? ""
    }

    /// The charge that it is about.
    package var charge: String {
        let pieces = target.split(separator: "/")
        return pieces.count > 2 ? String(pieces[2]) : reference
    }
}
