import AdapterKit
import BankHMAC
import Logging
import Payments
import Resilience
import Synchronization
import TestKit
import Testing

/// The real service with the real adapter, between a memory store that can fail and a bank that follows a script.
struct World: Sendable {
    static let deadline = Duration.seconds(10)
    static let attempt = Duration.seconds(3)
    /// A lease of the service: the attempt and its margin.
    static let lease = Duration.seconds(8)
    static let deployment = "test"

    let time: ManualTime
    let bank: FakeTransport
    let log = RecordedLog()
    let inFlight: InFlight
    /// What the store keeps, without its faults.
    let memory: MemoryPaymentStore
    let audit: MemoryAuditLog
    let store: FaultyStore
    let callbacks: FaultyCallbackStore
    let vault: Vault
    let derivation = Derivation(deployment: deployment)
    let service: PaymentService
    let recovery: Recovery
    let receiver: CallbackReceiver
    let review: CallbackReview
    let breakers: CircuitBreakers

    /// - Parameters:
    ///   - route: the gateways of the one route, primary first; `bank-a` and `bank-b` are both configured.
    ///   - account: who we are at `bank-a`.
    ///   - settings: more of the settings of `bank-a`.
    ///   - policy: how often `bank-a` and `bank-b` are tried again and asked. Unless given, an attempt is not repeated.
    ///   - callback: what the callbacks of either gateway must prove; `nil`: they have none.
    ///   - softDeclines: declines that the route lets move on.
    ///   - adapters: those of `bank-a` and `bank-b`.
    ///   - quotas: by tenant; without one nobody counts.
    ///   - other: the world whose clock, bank and store this replica shares.
    init(
        route: [String] = ["bank-a"], account: String = "acme-123", settings: [(String, JSON)] = usualKey,
        policy: Gateway.Policy = once, callback: CallbackPolicy? = signed, softDeclines: Set<FailureCategory> = [],
        queue: Cadence = .queue,
        breaker: CircuitBreaker.Settings? = nil, maximumInFlight: Int = 100, deadline: Duration = World.deadline,
        adapters: (a: any GatewayAdapter.Type, b: any GatewayAdapter.Type) = (BankHMACAdapter.self, BankHMACAdapter.self),
        quotas: [String: Quota] = [:], beside other: World? = nil
    ) throws {
        let random = SeededRandom(seed: other == nil ? 1 : 2)
        let key = try #require(Vault.Key(id: "v1", secret: Secret([UInt8](repeating: 7, count: 32))))
        time = other?.time ?? ManualTime()
        bank = other?.bank ?? FakeTransport()
        audit = other?.audit ?? MemoryAuditLog()
        memory = other?.memory ?? MemoryPaymentStore(time: time)
        store = other?.store ?? FaultyStore(memory)
        callbacks = other?.callbacks ?? FaultyCallbackStore(MemoryCallbackStore(time: time))
        inFlight = InFlight(limit: maximumInFlight)
        vault = Vault(first: key, random: random)
        breakers = CircuitBreakers(
            settings: breaker.map { ["bank-a": $0, "bank-b": $0] } ?? [:], store: nil, replica: "r", time: time, random: random,
            logger: log.logger)
        service = PaymentService(
            settings: .init(
                deadline: deadline, keeping: Keeping(retention: .seconds(86_400), keys: .seconds(86_400)), queue: queue,
                quotas: quotas),
            routing: Routing(
                routes: [.init(gateways: route, failoverOnDeclines: softDeclines)],
                gateways: [
                    try Self.gateway(
                        "bank-a", adapters.a, account: account, settings: settings, policy: policy, callback: callback),
                    try Self.gateway("bank-b", adapters.b, policy: policy, callback: callback),
                ],
                allowed: ["limited": ["bank-b"]]),
            store: store, callbacks: callbacks,
            client: GatewayClient(transport: bank, time: time, random: random, logger: Logger(label: "test")),
            breakers: breakers,
            limits: GatewayLimits(limits: [:], time: time), vault: vault, derivation: derivation, time: time, random: random,
            inFlight: inFlight,
            logger: log.logger)
        recovery = Recovery(service: service)
        receiver = CallbackReceiver(service: service, time: time, logger: log.logger)
        review = CallbackReview(service: service, audit: audit, time: time, logger: log.logger)
    }

    /// After one attempt whose outcome is not known comes one question, and then it rests.
    static let once = Gateway.Policy(maximumRetries: 0)
    /// Callbacks signed by `SignedCallback`.
    static let signed = CallbackPolicy(scheme: .hmacV1([SigningKey(id: "k1", secret: SignedCallback.secret)]))
    static let usualKey: [(String, JSON)] = [("key_id", .string("k1")), ("secret", .string("text"))]

    static func gateway(
        _ name: String, _ adapter: any GatewayAdapter.Type = BankHMACAdapter.self, account: String = "acme-123",
        settings: [(String, JSON)] = usualKey,
        policy: Gateway.Policy = once, callback: CallbackPolicy? = signed
    ) throws -> Gateway {
        let settings = AdapterSettings(values: .members([("tenant", .string(account))] + settings)) {
            _ throws(AdapterSettings.SecretFailure) in Secret(text: FakeTransport.Step.secretText)
        }
        return Gateway(
            name: name, adapter: try adapter.init(settings: settings),
            endpoint: Endpoint(scheme: .https, host: "\(name).test", port: 443, attemptTimeout: attempt), policy: policy,
            callback: callback)
    }

    func call(_ key: String = "key-1", tenant: String = "acme", patience: Duration? = nil) -> Call {
        Call(tenant: tenant, idempotencyKey: key, requestID: "req-\(key)", arrived: time.monotonic(), patience: patience)
    }

    // MARK: What a caller does

    func pay(
        _ body: JSON = .payment(), key: String = "key-1", tenant: String = "acme", patience: Duration? = nil
    ) async throws -> Answer {
        await service.create(try PaymentRequest(body), body: body, call: call(key, tenant: tenant, patience: patience))
    }

    /// A payment whose request is with the bank, held there until the gate is opened; its caller still waits.
    func beginPaying(
        _ body: JSON = .payment(), key: String = "key-1", patience: Duration? = nil, held: Gate, then step: FakeTransport.Step
    ) async throws -> Task<Answer, any Error> {
        let earlier = bank.sent.count
        bank.script(.held(by: held, then: step))
        let answer = Task { try await self.pay(body, key: key, patience: patience) }
        await bank.sent(atLeast: earlier + 1)
        return answer
    }

    /// A payment whose owner died after its request had left: nothing was settled, and its lease has run out.
    func abandonPayment(_ body: JSON = .payment(), after age: Duration = lease) async throws {
        store.fail([.markAnswered], .away)
        let answer = try await beginPaying(body, held: Gate(), then: .charge("APPROVED"))
        await time.sleepers(atLeast: 1)
        time.advance(by: age)
        if age >= Self.deadline { _ = try await answer.value }
        store.heal()
    }

    /// A payment that the bank approved.
    func paid(_ body: JSON = .payment(), key: String = "key-1") async throws -> PaymentID {
        bank.script(.charge(body["capture"]?.text == "manual" ? "AUTHORIZED" : "APPROVED"))
        let answer = try await pay(body, key: key)
        try #require(answer.status == 201)
        return try id(key)
    }

    func operate(
        _ kind: OperationRecord.Kind, on payment: PaymentID, key: String = "op-1", amount: Int64? = nil, tenant: String = "acme",
        patience: Duration? = nil
    ) async throws -> Answer {
        let body = JSON.present([("amount", amount.map { .integer($0) })])
        let call = call(key, tenant: tenant, patience: patience)
        return switch kind {
        case .capture: await service.capture(payment, try CaptureRequest(body), body: body, call: call)
        case .void: await service.void(payment, call: call)
        case .refund: await service.refund(payment, try RefundRequest(body), body: body, call: call)
        case .reversal: throw NobodyCallsForIt()
        }
    }

    private static let events = Atomic(0)

    /// A gateway's news, each time in an event of its own.
    func hear(
        _ outcome: Outcome, at gateway: String = "bank-a", of charge: String? = nil, refund: String? = nil
    ) async throws -> Reception {
        let id = "evt-\(Self.events.add(1, ordering: .relaxed).newValue)"
        let charge = try charge ?? self.id().text
        let subject =
            refund.map { CallbackSubject(refund: $0, of: charge, gatewayReference: nil) }
            ?? CallbackSubject(charge: charge, gatewayReference: nil)
        return try await service.hear(CallbackEvent(id: id, subject: subject, outcome: outcome, money: nil), at: gateway)
    }

    // MARK: What a test looks at

    func id(_ key: String = "key-1", tenant: String = "acme") throws -> PaymentID {
        try #require(derivation.payment(tenant: tenant, key: key))
    }

    func stored(_ key: String = "key-1") async throws -> StoredPayment {
        let stored = try await store.payment(try id(key), tenant: "acme")
        return try #require(stored)
    }

    func record(_ key: String = "key-1") async throws -> PaymentRecord { try await stored(key).record }

    func operation(_ kind: OperationRecord.Kind, of payment: PaymentID, key: String = "op-1") throws -> OperationID {
        try #require(derivation.operation(kind, of: payment, tenant: "acme", key: key))
    }

    /// Hosts in the order in which they were sent to.
    var hosts: [String] { bank.sent.map(\.endpoint.host) }

    /// Methods and targets in the order in which they were sent.
    var sent: [String] { bank.sent.map { "\($0.request.method.rawValue) \($0.request.target)" } }

    /// What was sent to charge, without questions and operations.
    var charges: [FakeTransport.Sent] {
        bank.sent.filter { $0.request.method == .post && $0.request.target == "/v1/charges" }
    }

    /// Lets the pauses between tries to write pass, so many, until nothing is at work any more.
    func finish(pauses: Int = 1) async {
        for _ in 0..<pauses {
            await time.sleepers(atLeast: 1)
            time.advance(by: .seconds(6))
        }
        await inFlight.idle()
    }

    /// Lets a pause of the owner pass, while its caller waits too.
    func pause(of duration: Duration) async {
        await time.sleepers(atLeast: 2)
        time.advance(by: duration)
    }

    /// One look of this replica at what is due, and all the work that comes of it.
    func recover() async {
        await recovery.pass()
        await inFlight.idle()
    }
}

/// A reversal begins by itself.
struct NobodyCallsForIt: Error {}

extension FakeTransport.Step {
    /// No answer came, and nobody knows what became of it.
    static let lost = fails(.sample(.attemptTimedOut))
    /// A question that is not answered.
    static let silence = problem(500, "OOPS")
    /// An answer that the bank declares to mean that nothing happened.
    static let notTaken = problem(503, "DOWN", headers: [("X-Not-Processed", "true")])
}

extension Answer {
    var json: JSON { (try? JSON(parsing: body)) ?? .null }
    /// The payment's or refund's status.
    var state: String? { json["status"]?.text }
    /// The problem's code.
    var code: String? { json["code"]?.text }
    var text: String { String(decoding: body, as: UTF8.self) }
}

extension JSON {
    static func parsed(_ text: String) throws -> JSON { try JSON(parsing: Array(text.utf8)) }

    /// A valid request: 10.00 EUR by card, captured at once.
    static func payment(_ changes: (String, JSON?)...) -> JSON {
        let card = JSON.members([
            ("number", .string("4111111111111111")), ("exp_month", .integer(12)), ("exp_year", .integer(2030)),
            ("cvc", .string("737")), ("holder", .string("Ana Souza")),
        ])
        let valid = JSON.members([
            ("amount", .integer(1_000)), ("currency", .string("EUR")), ("reference", .string("order-1")),
            ("method", .members([("type", .string("card")), ("card", card)])),
        ])
        return changes.reduce(valid) { $0.with($1.0, $1.1) }
    }

    static let authorization = payment(("capture", .string("manual")))

    /// The same object with one member set, or taken out.
    func with(_ name: String, _ value: JSON?) -> JSON {
        var members = self.members ?? []
        let index = members.firstIndex { $0.name == name }
        if let index { members.remove(at: index) }
        if let value { members.insert(Member(name, value), at: index ?? members.endIndex) }
        return .object(members)
    }
}
