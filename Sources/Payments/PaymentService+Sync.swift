import AdapterKit
import Logging

extension PaymentService {
    /// Operations that one sync asks about; a payment with more open ones is asked again.
    private static let operationsAsked = 20

    /// Asks the gateway now: about the payment while its state can still change, and about its open captures, voids and refunds.
    public func sync(_ id: PaymentID, call: Call) async -> Answer {
        await answering(call) { () async throws(Problem) -> Answer in
            _ = try await self.load(id, call)
            for operation in try await self.openOperations(of: id).prefix(Self.operationsAsked) {
                try await self.sync(operation, call: call)
            }
            let stored = try await self.load(id, call)
            if stored.canStillChange { try await self.sync(stored, at: try self.gatewayToAsk(about: stored.record)) }
            let record = try await self.load(id, call).record
            return Answer(status: 200, body: record.json(try self.shown(record)).encoded())
        }
    }

    /// The same for work that a hint speaks of, beside whoever brought it.
    func askLater(about work: StoredWork, at gateway: Gateway) {
        // The one that holds a final payment has said so itself.
        let record = work.payment.record
        guard work.operation != nil || !record.isFinal || record.holder != gateway.name else { return }
        inFlight.begin()
        Task(executorPreference: settings.executor) { [self, inFlight] in
            do throws(Problem) { try await ask(about: work, at: gateway) } catch {
                logger.info(
                    "a hint was not answered",
                    metadata: ["payment": "\(record.id)", "code": "\(error.code.rawValue)"])
            }
            inFlight.end()
        }
    }

    /// One question to this gateway about work that it speaks of, whatever its state: also a success that comes late counts (R6).
    func ask(about work: StoredWork, at gateway: Gateway) async throws(Problem) {
        let tenant = work.payment.record.tenant
        let call = Call(tenant: tenant, idempotencyKey: "", requestID: "callback", arrived: time.monotonic())
        if let operation = work.operation?.record {
            try await sync(operation, call: call)
        } else {
            try await sync(work.payment, at: gateway)
        }
    }

    func load(_ id: PaymentID, _ call: Call) async throws(Problem) -> StoredPayment {
        let stored = try await reachingStore { () async throws(StoreFailure) in
            try await self.store.payment(id, tenant: call.tenant)
        }
        guard let stored else { throw Problem(.notFound, "This tenant has no payment \(id).") }
        return stored
    }

    private func openOperations(of id: PaymentID) async throws(Problem) -> [OperationRecord] {
        try await reachingStore { () async throws(StoreFailure) in try await self.store.openOperations(of: id) }
    }

    private func gatewayToAsk(about record: PaymentRecord) throws(Problem) -> Gateway {
        guard
            let name = record.holder ?? record.unresolvedAttempts.first?.gateway ?? record.gateway
                ?? record.lastChargeAttempt?.gateway,
            let gateway = routing.gateway(named: name)
        else { throw Problem(.gatewaysUnavailable, "The gateway that was asked is not configured any more.", retryAfter: 2) }
        return gateway
    }

    private func sync(_ stored: StoredPayment, at gateway: Gateway) async throws(Problem) {
        switch await ask(gateway, about: stored.record) {
        case .found(let outcome, let asked):
            _ = try await reachingStore { () async throws(StoreFailure) in
                try await self.hear(outcome, from: gateway, StoredWork(payment: stored), cause: .reconciliation, asked: asked)
            }
        case .nothingHeld(let asked): try await clear(gateway.name, asked, stored)
        case .notFoundYet: break
        case .unanswered(let reason):
            throw Problem(.gatewaysUnavailable, "The gateway did not say what became of it (\(reason)).", retryAfter: 2)
        }
    }

    /// "Not found", and that is final: what was proved holds for the attempts that were looked at, unless somebody is at work.
    private func clear(_ gateway: String, _ asked: AttemptRecord, _ stored: StoredPayment) async throws(Problem) {
        guard stored.isWithoutWord else { return }
        var held = Held(word: StoredWork(payment: stored), cause: .reconciliation)
        let now = time.now()
        let rest = ChargeRest(
            now: now, isTooOldToSend: false, hasAsked: false, queue: settings.queue, inquiry: inquiryCadence(of: stored.record),
            isGatewayGone: false, canBeSent: true, closed: nil)
        held.change { work, _ in
            guard work.payment.attempts == stored.record.attempts, work.payment.status == .processing else { return }
            work.payment.resolve(.notHeld, at: gateway)
            work.payment.append(asked)
            work.payment.rest(rest)
        }
        let change = held
        try await reachingStore { () async throws(StoreFailure) in
            var held = change
            try await self.commitOnce(&held)
        }
    }

    private func sync(_ operation: OperationRecord, call: Call) async throws(Problem) {
        let stored = try await load(operation.payment, call)
        guard operation.kind != .reversal, let name = operation.gateway else { return }
        guard let gateway = gateway(named: name, asWhen: operation) else {
            throw Problem(.gatewaysUnavailable, "The gateway that holds the payment is not configured as it was.")
        }
        let inquiry = operation.inquiry(on: stored.record)
        // What cannot be asked about is known once it is repeated, under a lease.
        guard (try? gateway.adapter.request(for: inquiry)) != nil else { return }
        let (answer, asked) = await exchange(inquiry, at: gateway, asking: stored.record, reference: operation.id.text)
        switch operation.meaning(of: answer, on: stored.record) {
        case .settles(let outcome):
            let work = StoredWork(payment: stored, operation: StoredOperation(record: operation))
            _ = try await reachingStore { () async throws(StoreFailure) in
                try await self.hear(outcome, from: gateway, work, cause: .reconciliation, asked: asked)
            }
        // Asking never sends: an operation that was not done stays open until it is repeated under a lease.
        case .notDone, .open: break
        case .unanswered(let reason):
            throw Problem(.gatewaysUnavailable, "The gateway did not say what became of it (\(reason)).", retryAfter: 2)
        }
    }
}

extension StoredPayment {
    /// Whether the gateway could have news: it is not final, and some gateway was asked. While a capture or void is open, that is
    /// asked about instead: its charge says the same, and only it knows the amount.
    fileprivate var canStillChange: Bool {
        !record.isFinal && record.status != .queued && record.lastChargeAttempt != nil && reservations.capturing == nil
    }

    /// Nobody is at work on it, and no gateway has taken it.
    fileprivate var isWithoutWord: Bool { !leased && record.status == .processing && record.processingReason != .awaitingGateway }
}
