import AdapterKit
import HTTPTypes
import Hummingbird
import Metrics
import NIOCore
import Payments

/// Health, readiness and metrics, on a listener of their own.
struct AdminResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    let store: any PaymentStore
    let inFlight: InFlight
    let metrics: PrometheusMetrics
    /// Required off loopback. `/health` and `/ready` answer without it: probes carry no secrets.
    let token: Secret?
    let certificates: CertificateExpiry
    let time: any TimeSource
    let random: any RandomSource

    func respond(to request: Request, context: Context) async throws -> Response {
        let path = (request.head.path ?? "").prefix { $0 != "?" }
        guard ["/health", "/ready", "/metrics"].contains(path) else {
            return refusal(Problem(.notFound, "There is nothing at this path."))
        }
        guard request.method == .get else { return refusal(Problem(.methodNotAllowed, "\(path) takes GET.")) }
        switch path {
        case "/health": return Self.json(.ok, .members([("status", .string("alive"))]))
        case "/ready": return await readiness()
        default:
            return isAllowed(request)
                ? exposition() : refusal(Problem(.unauthenticated, "Send Authorization: Bearer <admin token>."))
        }
    }

    private func isAllowed(_ request: Request) -> Bool {
        guard let token else { return true }
        guard let sent = request.headers[.authorization], sent.hasPrefix("Bearer ") else { return false }
        return Secret(text: String(sent.dropFirst(7))) == token
    }

    private func readiness() async -> Response {
        var reasons: [String] = []
        if inFlight.isDraining { reasons.append("draining") }
        do { try await store.ping() } catch { reasons.append("state store: \(error.code.rawValue)") }
        let body = JSON.members([("ready", .bool(reasons.isEmpty)), ("reasons", .array(reasons.map { .string($0) }))])
        return Self.json(reasons.isEmpty ? .ok : .serviceUnavailable, body)
    }

    private func exposition() -> Response {
        Gauge(label: "drawbridge_in_flight").record(inFlight.count)
        for entry in certificates.entries {
            Gauge(
                label: "drawbridge_tls_certificate_expiry_seconds",
                dimensions: [("gateway", entry.gateway), ("certificate", entry.certificate)]
            ).record((entry.expires - time.now()).inSeconds)
        }
        return Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: metrics.text())))
    }

    private func refusal(_ problem: Problem) -> Response {
        let requestID = InboundHeaders.freshRequestID(random)
        return Response(Answer(problem, requestID: requestID), requestID: requestID, allowing: [.get])
    }

    private static func json(_ status: HTTPResponse.Status, _ body: JSON) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: body.encoded())))
    }
}
