public import AdapterKit
public import Logging
import Metrics
import Signing

/// Takes a payment from the caller's request to the gateway's word and back: claim, send, settle, answer.
public final class PaymentService: Sendable {
    public struct Settings: Sendable {
        /// From the request's arrival until the caller gets an answer.
        public var deadline: Duration
        public var keeping: Keeping

        public init(deadline: Duration, keeping: Keeping) {
            self.deadline = deadline
            self.keeping = keeping
        }
    }

    /// A lease outlasts the attempt by this much, for the round trips around it.
    private static let leaseMargin = Duration.seconds(5)
    /// How long after its arrival a payment that nobody was told of may still be sent (K6).
    static let sendable = Duration.seconds(300)

    let settings: Settings
    let routing: Routing
    let store: any PaymentStore
    let client: GatewayClient
    let vault: Vault
    let derivation: Derivation
    let time: any TimeSource
    let random: any RandomSource
    let inFlight: InFlight
    let logger: Logger

    public init(
        settings: Settings, routing: Routing, store: any PaymentStore, client: GatewayClient, vault: Vault,
        derivation: Derivation,
        time: any TimeSource, random: any RandomSource, inFlight: InFlight, logger: Logger
    ) {
        self.settings = settings
        self.routing = routing
        self.store = store
        self.client = client
        self.vault = vault
        self.derivation = derivation
        self.time = time
        self.random = random
        self.inFlight = inFlight
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
            let fingerprints = self.vault.fingerprints(operation: "POST /v1/payments", request: body)
            let claim = PaymentClaim(
                record: charge.record, fingerprints: fingerprints, lease: charge.lease, answered: call.isAsynchronous,
                keeping: self.settings.keeping)
            switch try await self.reachingStore({ () async throws(StoreFailure) in try await self.store.claim(claim) }) {
            case .new:
                self.count(charge.record)
                return await self.await(charge, call: call) { first in await self.own(charge, call: call, telling: first) }
            case .takenOver(let stored):
                if call.isAsynchronous { await self.remember(stored.record.id, nil) }
                let resumed = charge.resuming(stored.record)
                return await self.await(resumed, call: call) { first in await self.resume(resumed, call: call, telling: first) }
            case .replay(let fixed):
                return try self.replay(fixed, of: charge.record.id.text, location: Self.location(of: charge.record.id))
            case .current(let stored): return self.answer(showing: stored.record, call: call, replayed: true)
            case .running(let remaining): throw .inProgress(remaining)
            case .mismatch: throw Problem(.idempotencyKeyReused, "Nothing was sent. Use a new key for a new request.")
            }
        }
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
            throw Problem(.idempotencyKeyReused, "Nothing was sent. Use a new key for a new request.")
        }
        return answer(showing: record, call: call, replayed: true)
    }

    /// One attempt at the first gateway of the route, then the settle (retry and failover are a later issue).
    private func own(_ charge: Charge, call: Call, telling first: FirstAnswer<Answer?>) async {
        let heard = await send(
            charge.request, for: charge.operation, at: charge.gateway, under: charge.lease, claimed: charge.claimed, call: call,
            signedAt: charge.record.createdAt)
        await settle(charge, call: call, telling: first) { record, decides in
            record.record(heard, forAttempt: 1)
            record.apply(heard.outcome, decides: decides)
        }
    }

    /// Everything that is decided before the claim; nothing is stored or sent yet.
    private func charge(for request: PaymentRequest, call: Call) throws(Problem) -> Charge {
        let name: OperationName = request.capture == .automatic ? .payment : .authorize
        let candidates = routing.candidates(
            for: name, method: request.method.kind, money: request.money, tenant: call.tenant, pinned: request.gateway)
        guard let gateway = candidates.first else { throw .noGateway(pinned: request.gateway) }
        guard let id = derivation.payment(tenant: call.tenant, key: call.idempotencyKey) else { throw Problem(.internal) }
        let asked = Operation.Charge(
            reference: id.text, money: request.money, method: request.method, description: request.description)
        let operation: Operation = name == .payment ? .payment(asked) : .authorize(asked)
        let encoded: GatewayRequest
        do { encoded = try gateway.adapter.request(for: operation) } catch {
            throw Problem(.validationFailed, "The gateway \(gateway.name) cannot take this: \(error.reason).")
        }
        let details = PaymentDetails(request)
        guard let sealed = try? details.sealed(for: id, vault: vault) else { throw Problem(.internal) }
        let now = time.now()
        var record = PaymentRecord(
            id: id, tenant: call.tenant, money: request.money, reference: request.reference, capture: request.capture,
            methodKind: request.method.kind, pinnedGateway: request.gateway, onUnavailable: request.onUnavailable, createdAt: now,
            sealed: sealed)
        record.gateway = gateway.name
        record.gatewayIdentity = gateway.identity
        record.attempts = [
            AttemptRecord(
                number: 1, gateway: gateway.name, operation: name, reference: id.text, identity: gateway.identity, startedAt: now)
        ]
        return Charge(
            record: record, asked: request, details: details, gateway: gateway, operation: operation,
            request: encoded,
            lease: lease(forAttemptOf: gateway.endpoint.attemptTimeout), claimed: time.monotonic())
    }

    func lease(forAttemptOf duration: Duration) -> Lease {
        Lease(token: Hex.encode(random.bytes(16)), duration: duration + Self.leaseMargin)
    }
}

/// A charge on its way: what was claimed, and what is needed to send it.
struct Charge: Sendable {
    var record: PaymentRecord
    /// As the caller sent it, card number and CVC included: never stored like this.
    let asked: PaymentRequest
    let details: PaymentDetails
    let gateway: Gateway
    let operation: Operation
    let request: GatewayRequest
    let lease: Lease
    /// When the claim was about to be made, on the monotonic clock (R1).
    let claimed: Duration

    /// The details with the card number, which only a queued payment keeps (R5).
    func sealedForQueue(_ vault: Vault) -> [UInt8]? {
        try? PaymentDetails(asked, keepingCardNumber: true).sealed(for: record.id, vault: vault)
    }

    func resuming(_ record: PaymentRecord) -> Charge {
        var resumed = self
        resumed.record = record
        return resumed
    }
}
