public import AdapterKit
public import Logging

/// What operators do with callbacks that could not be applied: look, apply one to a payment, or discard it.
public struct CallbackReview: Sendable {
    private let service: PaymentService
    private let audit: any AuditLog
    private let time: any TimeSource
    private let logger: Logger

    public init(service: PaymentService, audit: any AuditLog, time: any TimeSource, logger: Logger) {
        self.service = service
        self.audit = audit
        self.time = time
        self.logger = logger
    }

    private var store: any CallbackStore { service.callbacks }

    // MARK: Looking

    /// Oldest first, those that still wait for their payment among them.
    public func listed(_ kind: KeptCallback.Kind, after: String?, limit: Int) async throws(Problem) -> JSON {
        let page = try await reaching { () async throws(StoreFailure) in
            try await self.store.listed(kind, after: after, limit: limit)
        }
        let now = time.now()
        return .members([
            ("data", .array(page.callbacks.map { $0.json(at: now) })), ("next", .optional(page.next)),
            ("as_of", .string(now.rfc3339)),
        ])
    }

    /// What operators have decided, newest first.
    public func decisions(limit: Int) async throws(Problem) -> JSON {
        let decisions = try await reaching { () async throws(StoreFailure) in try await self.store.decisions(limit: limit) }
        return .members([("data", .array(decisions.map(\.json)))])
    }

    // MARK: Deciding

    /// Applies it to a payment as if it had just come: the same rules hold, but for how the payment was found. One that the adapter
    /// still cannot read makes us ask the gateway instead.
    public func apply(_ id: CallbackID, _ order: ApplyOrder, by actor: String) async throws(Problem) -> JSON {
        let callback = try await callback(id)
        guard let gateway = service.routing.gateway(named: callback.gateway) else {
            throw Problem(.invalidState, "Its gateway \(callback.gateway) is not configured any more.")
        }
        try await intend(callback, .applied, order.payment, reason: order.reason, by: actor)
        let result: String
        if let events = try events(of: callback, gateway) {
            guard events.count == 1 || order.payment == nil else {
                throw .order("/payment", "must be left out: it speaks of \(events.count) payments or refunds")
            }
            var receptions: [String] = []
            for event in events { receptions.append(try await apply(event, at: gateway, order).rawValue) }
            result = receptions.joined(separator: ",")
        } else {
            guard let work = try await order.payment.asyncMap(self.work) else {
                throw .order("/payment", "is required: it cannot be read, so the gateway is asked about this payment")
            }
            try refuseUntried(work, at: gateway)
            // Only what was answered lets go of the callback.
            try await service.ask(about: work, at: gateway)
            result = "asked"
        }
        return try await decide(callback, .applied, order.payment, result: result, reason: order.reason, by: actor)
    }

    /// Nothing is applied, now or later.
    public func discard(_ id: CallbackID, _ order: DiscardCallbackOrder, by actor: String) async throws(Problem) -> JSON {
        let callback = try await callback(id)
        try await intend(callback, .discarded, nil, reason: order.reason, by: actor)
        return try await decide(callback, .discarded, nil, result: nil, reason: order.reason, by: actor)
    }

    /// In the gateway's trail before anything is done: what is applied lies with its payment, in a slot of its own. Whether it was
    /// done stands with the payment and with the decisions.
    private func intend(
        _ callback: KeptCallback, _ verdict: CallbackDecision.Verdict, _ work: WorkID?, reason: String, by actor: String
    ) async throws(Problem) {
        let entry = HistoryEntry(
            at: time.now(), version: 0, event: "callback.\(verdict == .applied ? "apply" : "discard")", cause: .operator,
            actor: actor, gateway: callback.gateway, object: callback.id.text, from: callback.kind.rawValue,
            to: work?.description ?? verdict.rawValue, reason: reason)
        try await reaching { () async throws(StoreFailure) in try await self.audit.append(entry, to: .gateway(callback.gateway)) }
    }

    /// `nil` where it still cannot be read.
    private func events(of callback: KeptCallback, _ gateway: Gateway) throws(Problem) -> [CallbackEvent]? {
        switch callback.kind {
        case .unmatched:
            guard let event = try? callback.event(service.vault) else {
                throw Problem(.invalidState, "No configured encryption key opens it: bring the key back, or discard it.")
            }
            return [event]
        case .malformed:
            guard let verified = VerifiedCallback(kept: callback, service.vault) else { return nil }
            return try? CallbackReceiver.events(of: verified, gateway.adapter)
        }
    }

    private func apply(_ event: CallbackEvent, at gateway: Gateway, _ order: ApplyOrder) async throws(Problem) -> Reception {
        guard let target = order.payment else {
            let reception = try await reaching { () async throws(StoreFailure) in
                try await self.service.hear(event, at: gateway.name)
            }
            guard reception != .unmatched else {
                throw .order("/payment", "is required: nothing here has its reference and an attempt at \(gateway.name)")
            }
            return reception
        }
        let work = try await work(target)
        guard (work.operation == nil) == (event.subject.kind == .charge) else {
            throw .order("/payment", "must be a \(event.subject.kind == .charge ? "payment" : "refund, as pay_…/ref_…")")
        }
        try refuseUntried(work, at: gateway)
        return try await reaching { () async throws(StoreFailure) in
            try await self.service.hear(event, at: gateway.name, as: work)
        }
    }

    private func refuseUntried(_ work: StoredWork, at gateway: Gateway) throws(Problem) {
        guard work.isTried(at: gateway.name) else {
            throw Problem(
                .invalidState, "It has no attempt at \(gateway.name): a callback speaks for its gateway's attempts alone.")
        }
    }

    private func decide(
        _ callback: KeptCallback, _ verdict: CallbackDecision.Verdict, _ work: WorkID?, result: String?, reason: String,
        by actor: String
    ) async throws(Problem) -> JSON {
        let decision = CallbackDecision(
            callback: callback.id, gateway: callback.gateway, kind: callback.kind, eventID: callback.eventID, verdict: verdict,
            work: work?.description, result: result, actor: actor, reason: reason, at: time.now())
        try await reaching { () async throws(StoreFailure) in
            if let work { try await self.note(decision, on: work) }
            try await self.store.decide(decision)
        }
        logger.notice(
            "callback decided by an operator",
            metadata: [
                "callback": "\(callback.id)", "verdict": "\(verdict.rawValue)", "result": "\(result ?? "-")",
                "work": "\(work?.description ?? "-")", "actor": "\(actor)",
            ])
        return decision.json
    }

    /// In the payment's own history too.
    private func note(_ decision: CallbackDecision, on work: WorkID) async throws(StoreFailure) {
        let entry = HistoryEntry(
            at: decision.at, version: try await service.store.work(work)?.payment.record.version ?? 0,
            event: "callback_\(decision.verdict.rawValue)", cause: .operator, actor: decision.actor, operation: work.operation,
            gateway: decision.gateway, reason: decision.reason)
        let mark = CallbackMark(.event, "decided \(decision.callback)", at: decision.gateway)
        _ = try await service.store.note(mark, entry, on: work.payment)
    }

    // MARK: Reaching

    private func callback(_ id: CallbackID) async throws(Problem) -> KeptCallback {
        let kept = try await reaching { () async throws(StoreFailure) in try await self.store.kept(id) }
        guard let kept else { throw Problem(.notFound, "No callback of this id is kept.") }
        return kept
    }

    private func work(_ id: WorkID) async throws(Problem) -> StoredWork {
        let found = try await reaching { () async throws(StoreFailure) in try await self.service.store.work(id) }
        guard let found, (found.operation != nil) == (id.operation != nil) else {
            throw Problem(.notFound, "There is no such payment or operation.")
        }
        return found
    }

    private func reaching<Value>(_ body: () async throws(StoreFailure) -> Value) async throws(Problem) -> Value {
        do { return try await body() } catch { throw Problem(error) }
    }
}

extension WorkID? {
    fileprivate func asyncMap(_ body: (WorkID) async throws(Problem) -> StoredWork) async throws(Problem) -> StoredWork? {
        guard let self else { return nil }
        return try await body(self)
    }
}

extension KeptCallback {
    /// References and codes; nothing of what was sealed.
    fileprivate func json(at now: Timestamp) -> JSON {
        .members([
            ("id", .string(id.text)), ("gateway", .string(gateway)), ("kind", .string(kind.rawValue)),
            ("event_id", .optional(eventID)), ("received_at", .string(receivedAt.rfc3339)),
            ("waiting", .bool(kind == .unmatched && now - receivedAt < Self.patience)),
            ("charge", .optional(subject?.charge)), ("refund", .optional(subject?.refund)),
            ("gateway_reference", .optional(subject?.gatewayReference)), ("outcome", .optional(outcome?.rawValue)),
        ])
    }
}
