import AdapterKit
import BankHMAC
import Logging
import Payments
import Resilience
import TestKit

/// Replicas of the real service with the real adapter, one store, two banks and their callers, all on one virtual clock.
final class World: @unchecked Sendable {  // its schedule's thread alone touches it
    static let tenant = "acme"
    static let bankNames = ["bank-a", "bank-b"]
    static let currency = Currency("EUR")!
    static let attempt = Duration.seconds(3)

    let seed: UInt64
    let scenario: Scenario
    let schedule: SimulatedSchedule
    let banks: [SimulatedBank]
    let storage: SimulatedStorage
    let breakerStore: MemoryBreakerStore
    let callbackStore: MemoryCallbackStore
    let callers: SimulatedProcess
    let checker: Checker
    let derivation = Derivation(deployment: "simulation")
    let adapter = try? SimulatedAdapter(settings: World.settings)
    private(set) var network: SimulatedNetwork!
    private(set) var replicas: [Replica] = []
    var callersAtWork = 0
    /// Callbacks that nobody has acknowledged yet.
    var undelivered = 0
    /// Events that a bank has told of.
    var delivered = 0
    var isQuiet = false
    /// How often the operator has put each dead letter back.
    var redrives: [WorkID: Int] = [:]
    var isOperatorDone = false
    var isStoreDown = false

    init(_ scenario: Scenario, seed: UInt64, isTracing: Bool = false) {
        self.seed = seed
        self.scenario = scenario
        let schedule = SimulatedSchedule(seed: seed)
        schedule.isTracing = isTracing
        self.schedule = schedule
        callers = SimulatedProcess(name: "callers", schedule: schedule, seed: seed)
        breakerStore = MemoryBreakerStore(time: callers)
        callbackStore = MemoryCallbackStore(time: callers)
        banks = Self.bankNames.map { SimulatedBank(name: $0, schedule: schedule) }
        storage = SimulatedStorage(MemoryPaymentStore(time: callers), schedule: schedule)
        checker = Checker(schedule: schedule, banks: banks, storage: storage, derivation: derivation)
        network = SimulatedNetwork(schedule: schedule, banks: banks) { [unowned self] in plan($0, at: $1, $2) }
        connect()
        makeMistakes()
        if scenario.losesStore { storage.journal = SimulatedJournal(time: callers) }
        checker.knowsReferencesOnly = scenario.losesStore
        loseStore()
        replicas = (1...scenario.replicas).map(Replica.init)
        for replica in replicas { begin(replica) }
    }

    private func connect() {
        for bank in banks {
            bank.memory = scenario.memory
            bank.tolerance = scenario.tolerance
            bank.decide = { [unowned self] _ in decision() }
            bank.decideRefund = { [unowned self] in refundDecision($0) }
            bank.tell = { [unowned self] in deliver($0) }
            bank.booked = { [unowned self] bank, charge in
                checker.booked(charge, at: bank, isExcused: network.bookedTooLate.contains(charge.reference))
            }
        }
        storage.latency = { [unowned self] in Int64(schedule.dice.within(0...scenario.storeLatency)) }
        storage.fault = { [unowned self] _ in storeFault() }
        storage.written = { [unowned self] in checker.written($0, excused: network.bookedTooLate) }
    }

    // MARK: Replicas

    var isCalm: Bool { schedule.elapsed >= scenario.calm }

    private func begin(_ replica: Replica) {
        replica.begin(service, schedule: schedule, seed: seed)
        recover(replica)
        replica.process?.disturbance = { [unowned self, unowned replica] process, point in disturb(replica, process, point) }
    }

    private func disturb(_ replica: Replica, _ process: SimulatedProcess, _ point: String) {
        guard !isCalm, process.state == .running else { return }
        if schedule.dice.chance(scenario.deaths) {
            kill(replica, process, at: point)
        } else if schedule.dice.chance(scenario.pauses) {
            schedule.note("\(process.name) at \(point)")
            process.pause()
            schedule.after(Int64(schedule.dice.within(1...100)) * 1_000_000) { process.resume() }
        }
    }

    func kill(_ replica: Replica, _ process: SimulatedProcess, at point: String) {
        schedule.note("\(process.name) at \(point)")
        replica.die()
        if schedule.dice.chance(0.5) {
            network.delay(requestsOf: process) { [schedule] _ in Int64(schedule.dice.within(0...300_000_000)) }
        }
        schedule.after(Int64(schedule.dice.within(10_000...30_000_000))) { [unowned self, unowned replica] in begin(replica) }
    }

    /// A replica that answers, any of them.
    func anyReplica() -> Replica? { schedule.dice.pick(replicas.filter { $0.process?.state == .running }) }

    private func service(_ process: SimulatedProcess) -> PaymentService? {
        guard let key = Vault.Key(id: "v1", secret: Secret([UInt8](repeating: 7, count: 32))),
            let gateways = try? banks.map({ try gateway($0.name) })
        else { return nil }
        var settings = PaymentService.Settings(
            deadline: .seconds(10), keeping: Self.keeping,
            queue: Cadence(first: .seconds(5), factor: 2, max: .seconds(30), giveUpAfter: scenario.patience))
        settings.executor = process
        settings.mutation = scenario.mutation?.inside
        process.clockStopsWhilePaused = scenario.mutation == .pausedOwnerSends
        let transport = MutatedTransport(
            real: SimulatedTransport(network: network, process: process), mutation: scenario.mutation)
        return PaymentService(
            settings: settings,
            routing: routing(gateways),
            store: SimulatedStore(storage: storage, process: process), callbacks: callbackStore,
            client: GatewayClient(transport: transport, time: process, random: process, logger: Logger(label: "test")),
            breakers: breakers(process),
            limits: GatewayLimits(limits: [:], time: process), vault: Vault(first: key, random: process), derivation: derivation,
            time: process,
            random: process, inFlight: InFlight(limit: 100),
            logger: Self.logger)
    }

    private static let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }

    private static let settings = AdapterSettings(
        values: .members([("tenant", .string("acme-123")), ("key_id", .string("k1")), ("secret", .string("text"))])
    ) { _ throws(AdapterSettings.SecretFailure) in Secret(text: FakeTransport.Step.secretText) }

    /// Shared by all replicas, or each with a view of its own.
    private func breakers(_ process: SimulatedProcess) -> CircuitBreakers {
        let settings = CircuitBreaker.Settings(openFor: .seconds(10), probeLease: .seconds(4))
        let breakers = CircuitBreakers(
            settings: Dictionary(uniqueKeysWithValues: Self.bankNames.map { ($0, settings) }),
            store: scenario.sharesBreakers ? breakerStore : nil, replica: process.name, time: process, random: process,
            logger: Self.logger)
        process.serve { await breakers.run() }
        return breakers
    }

    /// What operators do at one replica.
    func operators(_ process: SimulatedProcess) -> OperatorService? {
        guard let key = Vault.Key(id: "v1", secret: Secret([UInt8](repeating: 7, count: 32))),
            let gateways = try? banks.map({ try gateway($0.name) })
        else { return nil }
        return OperatorService(
            store: SimulatedStore(storage: storage, process: process), routing: routing(gateways),
            vault: Vault(first: key, random: process), time: process, keeping: Self.keeping, logger: Self.logger)
    }

    private static let keeping = Keeping(retention: .seconds(86_400), keys: .seconds(86_400))

    private func routing(_ gateways: [Gateway]) -> Routing {
        Routing(
            routes: [.init(gateways: Self.bankNames, failoverOnDeclines: [.insufficientFunds])], gateways: gateways,
            allowed: [:])
    }

    private func gateway(_ name: String) throws -> Gateway {
        var adapter = try SimulatedAdapter(settings: Self.settings)
        adapter.mutation = scenario.mutation
        adapter.capabilities = scenario.capabilities(adapter.capabilities)
        return Gateway(
            name: name, adapter: adapter,
            endpoint: Endpoint(scheme: .https, host: "\(name).test", port: 443, attemptTimeout: Self.attempt),
            policy: .init(
                inquiry: Cadence(first: .seconds(2), factor: 2, max: .seconds(30), giveUpAfter: scenario.patience)))
    }
}
