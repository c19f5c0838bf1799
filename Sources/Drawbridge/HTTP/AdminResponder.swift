import AdapterKit
import HTTPTypes
import Hummingbird
import Logging
import Metrics
import NIOCore
import Payments

/// Health, readiness, metrics and what operators do, on a listener of their own.
struct AdminResponder: HTTPResponder {
    typealias Context = AdminRequestContext

    let store: any PaymentStore
    let inFlight: InFlight
    let metrics: PrometheusMetrics
    let shelves: ShelfGauges
    let operations: AdminOperations
    /// Required off loopback. `/health` and `/ready` answer without it: probes carry no secrets.
    let token: Secret?
    let attempts: AdminAttempts
    let certificates: CertificateExpiry
    let time: any TimeSource
    let random: any RandomSource
    let logger: Logger

    func respond(to request: Request, context: Context) async throws -> Response {
        let path = (request.head.path ?? "").prefix { $0 != "?" }
        let route = AdminRoute(path: path)
        do {
            // Without the token nobody learns what there is under /admin/.
            if route?.isOpenToAll != true, route != nil || path.hasPrefix("/admin/") {
                try authenticate(request, from: context.caller)
            }
            guard let route else { throw Problem(.notFound, "There is nothing at this path.") }
            guard request.method == route.method else {
                throw Problem(.methodNotAllowed, "\(path) takes \(route.method.rawValue).")
            }
            return try await respond(to: request, at: route)
        } catch let problem as Problem {
            return refusal(problem, allowing: route.map { [$0.method] } ?? [])
        }
    }

    private func respond(to request: Request, at route: AdminRoute) async throws(Problem) -> Response {
        switch route {
        case .health: Self.json(.ok, .members([("status", .string("alive"))]))
        case .ready: await readiness()
        case .metrics: await exposition()
        default: Self.json(.ok, try await operations.answer(route, request))
        }
    }

    private func authenticate(_ request: Request, from caller: CallerAddress) throws(Problem) {
        guard let token else { return }
        guard let sent = request.headers[.authorization], sent.hasPrefix("Bearer ") else { throw refused("missing", caller) }
        switch attempts.judge(caller, isRight: Secret(text: String(sent.dropFirst(7))) == token) {
        case .passed: return
        case .failed: throw refused("wrong", caller)
        case .locked(let wait):
            count("locked")
            throw Problem(
                .rateLimited, "Too many wrong admin tokens came from this address.",
                retryAfter: Int(wait.inSeconds.rounded(.up)))
        }
    }

    private func refused(_ reason: String, _ caller: CallerAddress) -> Problem {
        count(reason)
        logger.warning("admin token refused", metadata: ["reason": "\(reason)", "address": "\(caller)"])
        return Problem(.unauthenticated, "Send Authorization: Bearer <admin token>.")
    }

    private func count(_ reason: String) {
        Counter(label: "drawbridge_admin_refusals_total", dimensions: [("reason", reason)]).increment()
    }

    private func readiness() async -> Response {
        var reasons: [String] = []
        if inFlight.isDraining { reasons.append("draining") }
        do { try await store.ping() } catch { reasons.append("state store: \(error.code.rawValue)") }
        let body = JSON.members([("ready", .bool(reasons.isEmpty)), ("reasons", .array(reasons.map { .string($0) }))])
        return Self.json(reasons.isEmpty ? .ok : .serviceUnavailable, body)
    }

    private func exposition() async -> Response {
        await shelves.refresh()
        Gauge(label: "drawbridge_in_flight").record(inFlight.count)
        for entry in certificates.entries {
            Gauge(
                label: "drawbridge_tls_certificate_expiry_seconds",
                dimensions: entry.labels
            ).record((entry.expires - time.now()).inSeconds)
        }
        return Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: metrics.text())))
    }

    private func refusal(_ problem: Problem, allowing methods: [HTTPRequest.Method]) -> Response {
        let requestID = InboundHeaders.freshRequestID(random)
        var response = Response(Answer(problem, requestID: requestID), requestID: requestID, allowing: methods)
        if problem.code == .unauthenticated { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }

    private static func json(_ status: HTTPResponse.Status, _ body: JSON) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: body.encoded())))
    }
}
