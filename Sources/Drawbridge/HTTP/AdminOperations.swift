import AdapterKit
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Payments

/// What operators ask and change under `/admin/`. Whoever comes here has shown the admin token.
struct AdminOperations: Sendable {
    private static let maximumBody = 16 * 1024
    private static let longestActor = 64

    let operators: OperatorService
    let callbacks: CallbackReview
    let webhooks: WebhookReview
    let audit: AuditReview
    let gateways: [Payments.Gateway]
    let breakers: CircuitBreakers
    let time: any TimeSource
    let logger: Logger

    func answer(_ route: AdminRoute, _ request: Request) async throws(Problem) -> JSON {
        let target = request.head.path ?? ""
        switch route {
        case .gateways:
            _ = try AdminQuery(target: target, allowing: [])
            return .members([("data", .array(gateways.map(state)))])
        case .queue:
            let query = try AdminQuery(target: target, allowing: ["after", "limit"])
            return try await operators.queue(after: try query.cursor(), limit: try query.limit())
        case .deadLetters:
            let query = try AdminQuery(target: target, allowing: ["after", "limit"])
            return try await operators.deadLetters(after: try query.cursor(), limit: try query.limit())
        case .audit: return try await trail(AdminQuery(target: target, allowing: AdminQuery.ofTrail))
        case .auditSubjects:
            let query = try AdminQuery(target: target, allowing: ["after", "limit"])
            return try await audit.subjects(after: try query.cursor(), limit: try query.limit())
        case .callbacks(let kind):
            let query = try AdminQuery(target: target, allowing: ["after", "limit"])
            return try await callbacks.listed(kind, after: try query.cursor(), limit: try query.limit())
        case .callbackDecisions:
            return try await callbacks.decisions(limit: try AdminQuery(target: target, allowing: ["limit"]).limit())
        case .webhooks:
            _ = try AdminQuery(target: target, allowing: [])
            return try await webhooks.listed()
        case .webhookDeadLetters(let tenant, let endpoint):
            let query = try AdminQuery(target: target, allowing: ["after", "limit"])
            return try await webhooks.deadLetters(tenant, endpoint, after: try query.cursor(), limit: try query.limit())
        case .breaker, .redrive, .discard, .applyCallback, .discardCallback, .redriveWebhooks, .enableWebhooks:
            _ = try AdminQuery(target: target, allowing: [])
            return try await change(route, request)
        case .health, .ready, .metrics: throw Problem(.notFound)
        }
    }

    private func trail(_ query: AdminQuery) async throws(Problem) -> JSON {
        switch try query.subject() {
        case .payment(let id): try await audit.trail(of: id)
        case let subject: try await audit.trail(of: subject, after: try query.number(), limit: try query.limit())
        }
    }

    private func change(_ route: AdminRoute, _ request: Request) async throws(Problem) -> JSON {
        let actor = try Self.actor(InboundHeaders(request.headers))
        let body = try await Self.body(of: request)
        switch route {
        case .applyCallback(let id): return try await callbacks.apply(id, try ApplyOrder(body ?? .object([])), by: actor)
        case .discardCallback(let id):
            return try await callbacks.discard(id, try DiscardCallbackOrder(body ?? .object([])), by: actor)
        case .redriveWebhooks(let tenant, let endpoint):
            return try await webhooks.redrive(tenant, endpoint, try RedriveWebhooksOrder(body ?? .object([])), by: actor)
        case .enableWebhooks(let tenant, let endpoint):
            return try await webhooks.enable(tenant, endpoint, try EnableWebhooksOrder(body ?? .object([])), by: actor)
        case .redrive(let id): return try await operators.redrive(id, try RedriveOrder(body ?? .object([])), by: actor)
        case .discard(let id): return try await operators.discard(id, try DiscardOrder(body ?? .object([])), by: actor)
        case .breaker(let name):
            return try await force(name, try BreakerChange(body ?? .object([])) { Duration(written: $0) }, by: actor)
        default: throw Problem(.notFound)
        }
    }

    // MARK: Gateways

    private func state(of gateway: Payments.Gateway) -> JSON {
        let breaker = breakers.status(of: gateway.name)
        let until = breaker?.remaining.map { time.now() + $0 }
        return .members([
            ("name", .string(gateway.name)), ("adapter", .string(gateway.adapterName)),
            (
                "breaker",
                .members([
                    ("state", .string((breaker?.state ?? .closed).rawValue)), ("shared", .bool(breaker?.isShared ?? false)),
                    ("until", .optional(until?.rfc3339)), ("reason", .optional(breaker?.reason)),
                    ("actor", .optional(breaker?.actor)),
                ])
            ),
        ])
    }

    private func force(_ name: String, _ change: BreakerChange, by actor: String) async throws(Problem) -> JSON {
        guard let gateway = gateways.first(where: { $0.name == name }) else {
            throw Problem(.notFound, "There is no gateway of this name.")
        }
        do throws(StoreFailure) {
            try await breakers.force(name, change.state, reason: change.reason, actor: actor, limit: change.limit)
        } catch { throw Problem(.stateStoreUnavailable, "Not known whether it was stored: look, then try again.", retryAfter: 1) }
        logger.notice(
            "breaker set by an operator",
            metadata: [
                "gateway": "\(name)", "state": "\(change.state.rawValue)", "actor": "\(actor)", "reason": "\(change.reason)",
                "for": "\(change.limit?.written ?? "-")",
            ])
        return state(of: gateway)
    }

    // MARK: Reading

    /// Who asks, for the audit trail: one token is shared by all operators.
    private static func actor(_ headers: InboundHeaders) throws(Problem) -> String {
        guard let sent = try headers.single("X-Actor") else { return "admin" }
        let isAllowed = sent.utf8.allSatisfy { ValueSyntax<String>.isAlphanumeric($0) || "._@-".utf8.contains($0) }
        guard (1...longestActor).contains(sent.utf8.count), isAllowed else {
            throw .header("X-Actor", "must have 1 to \(longestActor) letters, digits and . _ @ -")
        }
        return sent
    }

    /// `nil` for an empty one.
    private static func body(of request: Request) async throws(Problem) -> JSON? {
        let bytes: [UInt8]
        do { bytes = Array(try await request.body.collect(upTo: maximumBody).readableBytesView) } catch is NIOTooManyBytesError {
            throw Problem(.payloadTooLarge, "The body may have at most \(maximumBody) bytes.")
        } catch { throw Problem(.malformedRequest, "The body did not arrive whole.") }
        guard !bytes.isEmpty else { return nil }
        try InboundHeaders(request.headers).requireJSON()
        do { return try JSON(parsing: bytes) } catch {
            throw Problem(
                .malformedRequest, "The body cannot be read: \(error.reason.rawValue), at byte \(error.offset).",
                errors: [.init(error.pointer, error.reason.rawValue)])
        }
    }
}
