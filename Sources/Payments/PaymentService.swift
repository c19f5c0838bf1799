public import AdapterKit
public import Logging
import Metrics
import Signing

/// Takes a payment from the caller's request to the gateway's word and back: claim, charge, settle, answer.
public final class PaymentService: Sendable {
    public struct Settings: Sendable {
        /// From the request's arrival until the caller gets an answer.
        public var deadline: Duration
        public var keeping: Keeping
        /// When payments that no gateway could take are tried again.
        public var queue: Cadence
        /// By tenant; one that is not listed has none.
        public var quotas: [String: Quota]
        /// Where the tasks run that go on without their caller; `nil`: on the global pool.
        public var executor: (any TaskExecutor)?
        /// A bug that a test switches on, to show that the simulation finds it.
        package var mutation: Mutation?

        public init(
            deadline: Duration, keeping: Keeping, queue: Cadence = .queue, quotas: [String: Quota] = [:],
            executor: (any TaskExecutor)? = nil
        ) {
            self.quotas = quotas
            self.deadline = deadline
            self.keeping = keeping
            self.queue = queue
            self.executor = executor
        }
    }

    /// A lease outlasts the attempt by this much, for the round trips around it.
    private static let leaseMargin = Duration.seconds(5)
    /// How long after its arrival a payment that nobody was told of may still be sent (K6).
    static let sendable = Duration.seconds(300)

    let settings: Settings
    let routing: Routing
    let store: any PaymentStore
    let callbacks: any CallbackStore
    /// Where events go on from their outbox; `nil`: to wherever somebody else takes them.
    let relay: EventRelay?
    let client: GatewayClient
    let breakers: CircuitBreakers
    let limits: GatewayLimits
    let vault: Vault
    let announcing: Announcing
    let derivation: Derivation
    let time: any TimeSource
    let random: any RandomSource
    let inFlight: InFlight
    let deadlines: CallerDeadlines
    let logger: Logger

    public init(
        settings: Settings, routing: Routing, store: any PaymentStore, callbacks: any CallbackStore, relay: EventRelay? = nil,
        client: GatewayClient, breakers: CircuitBreakers, limits: GatewayLimits, vault: Vault, derivation: Derivation,
        time: any TimeSource, random: any RandomSource, inFlight: InFlight, logger: Logger
    ) {
        self.settings = settings
        self.routing = routing
        self.store = SealingPaymentStore(store, vault, logger)
        self.callbacks = callbacks
        self.relay = relay
        self.client = client
        self.breakers = breakers
        self.limits = limits
        self.vault = vault
        self.announcing = Announcing(vault: vault, logger: logger)
        self.derivation = derivation
        self.time = time
        self.random = random
        self.inFlight = inFlight
        self.deadlines = CallerDeadlines(time: time, executor: settings.executor)
        self.logger = logger
    }

    /// A payment or an authorisation.
    /// - Parameter body: the request as it was read, for its fingerprint.
    public func create(_ request: PaymentRequest, body: JSON, call: Call) async -> Answer {
        await answering(call) { () async throws(Problem) -> Answer in
            let charge: Charge
            do throws(Problem) { charge = try self.charge(for: request, call: call) } catch {
                return try await self.earlier(request, call: call) ?? Answer(error, requestID: call.requestID)
            }
            let claimed = self.time.monotonic()
            let claim = PaymentClaim(
                record: charge.record, fingerprints: self.vault.fingerprints(operation: "POST /v1/payments", request: body),
                lease: self.lease(forAttemptOf: self.routing.longestAttempt), answered: call.isAsynchronous,
                keeping: self.settings.keeping, quota: self.settings.quotas[call.tenant], by: call.actor)
            func own(_ stored: StoredPayment) async -> Answer {
                await self.await(.init(payment: stored.record), call: call) { caller in
                    let held = Held(
                        StoredWork(payment: stored), lease: claim.lease, claimed: claimed, caller: caller,
                        details: charge.details)
                    let end = call.arrived + self.settings.deadline
                    await self.charge(held, Content(charge), purpose: .call, until: end)
                }
            }
            switch try await self.reachingStore({ () async throws(StoreFailure) in try await self.store.claim(claim) }) {
            case .new:
                self.count(charge.record)
                return await own(
                    StoredPayment(
                        record: charge.record, reservations: Reservations(), holder: claim.lease.token,
                        answered: call.isAsynchronous))
            case .awaited(let waiting):
                self.count(charge.record)
                return await own(
                    try await self.reachingStore { () async throws(StoreFailure) in
                        try await self.takeIn(waiting)
                        return try await self.claimed(charge.record.id)
                    })
            case .takenOver(let stored):
                if call.isAsynchronous { await self.remember(.init(payment: stored.record)) }
                return await own(stored)
            case .replay(let fixed):
                return try self.replay(fixed, of: charge.record.id.text, location: Self.location(of: charge.record.id))
            case .current(let stored): return self.answer(showing: .init(payment: stored.record), call: call, replayed: true)
            case .running(let remaining): throw .inProgress(remaining)
            case .mismatch: throw await self.mismatch(with: WorkID(charge.record.id))
            case .limited(let standing): throw self.refusal(of: call, standing)
            }
        }
    }

    /// As it stands once what waited for it was taken in.
    private func claimed(_ id: PaymentID) async throws(StoreFailure) -> StoredPayment {
        guard let stored = try await store.work(WorkID(id)) else {
            throw StoreFailure(code: .unreadable, detail: "what was just claimed is gone")
        }
        return stored.payment
    }

    /// No gateway can take the request now. If its key is known all the same, because routes have changed since, what became of the
    /// earlier payment must be told: a caller who hears "no gateway" pays elsewhere.
    private func earlier(_ request: PaymentRequest, call: Call) async throws(Problem) -> Answer? {
        guard let id = derivation.payment(tenant: call.tenant, key: call.idempotencyKey) else { return nil }
        let stored = try await reachingStore { () async throws(StoreFailure) in
            try await self.store.payment(id, tenant: call.tenant)
        }
        guard let record = stored?.record else { return nil }
        guard record.money == request.money, record.reference == request.reference else {
            throw .keyReused
        }
        return answer(showing: .init(payment: record), call: call, replayed: true)
    }

    /// Everything that is decided before the claim; nothing is stored or sent yet. The first attempt is stored with the claim (O5),
    /// unless every gateway's breaker is open.
    private func charge(for request: PaymentRequest, call: Call) throws(Problem) -> Charge {
        let name: OperationName = request.capture == .automatic ? .payment : .authorize
        let candidates = routing.candidates(
            for: name, method: request.method.kind, money: request.money, tenant: call.tenant, pinned: request.gateway)
        guard let primary = candidates.first else { throw .noGateway(pinned: request.gateway) }
        guard let id = derivation.payment(tenant: call.tenant, key: call.idempotencyKey) else { throw Problem(.internal) }
        let asked = Operation.Charge(
            reference: id.text, money: request.money, method: request.method, description: request.description)
        let operation: Operation = name == .payment ? .payment(asked) : .authorize(asked)
        do { _ = try primary.adapter.request(for: operation) } catch {
            throw Problem(.validationFailed, "The gateway \(primary.name) cannot take this: \(error.reason).")
        }
        let details = PaymentDetails(request)
        guard let sealed = try? details.sealed(for: id, vault: vault) else { throw Problem(.internal) }
        let now = time.now()
        var record = PaymentRecord(
            id: id, tenant: call.tenant, money: request.money, reference: request.reference, capture: request.capture,
            methodKind: request.method.kind, pinnedGateway: request.gateway, onUnavailable: request.onUnavailable, createdAt: now,
            sealed: sealed)
        if let gateway = candidates.first(where: {
            !breakers.refuses($0.name) && ($0.name == primary.name || (try? $0.adapter.request(for: operation)) != nil)
        }) {
            record.become(processingAt: gateway)
            _ = record.begin(name, reference: id.text, at: gateway, now: now)
        }
        return Charge(record: record, request: request, details: .init(sealed: sealed, plain: details))
    }

    func lease(forAttemptOf duration: Duration) -> Lease {
        Lease(token: Hex.encode(random.bytes(16)), duration: duration + Self.leaseMargin)
    }
}

/// A charge as it is claimed.
final class Charge: Sendable {
    let record: PaymentRecord
    /// As the caller sent it, card number and CVC included: never stored like this.
    let request: PaymentRequest
    let details: OpenDetails

    init(record: PaymentRecord, request: PaymentRequest, details: OpenDetails) {
        self.record = record
        self.request = request
        self.details = details
    }
}

/// What a gateway is to be sent.
final class Content: Sendable {
    let method: PaymentMethod
    let description: String?
    let extent: PaymentDetails.Content
    /// As the caller sent it; `nil` where it is read from the store.
    let request: PaymentRequest?

    init(_ charge: Charge) {
        method = charge.request.method
        description = charge.request.description
        extent = .whole
        request = charge.request
    }

    /// `nil` where what is stored is not enough to send.
    init?(_ details: PaymentDetails) {
        guard details.content != .none else { return nil }
        var reader = MemberReader(.members([("method", details.method)]), at: "", allowing: ["method"])
        guard let method = PaymentMethod.read(&reader), reader.errors.isEmpty else { return nil }
        self.method = method
        description = details.description
        extent = details.content
        request = nil
    }

    func operation(for record: PaymentRecord) -> Operation {
        let charge = Operation.Charge(
            reference: record.id.text, money: record.money, method: method, description: description)
        return record.capture == .automatic ? .payment(charge) : .authorize(charge)
    }
}
