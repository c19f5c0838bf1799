import AdapterKit
import Payments
import TestKit

/// What a seed makes: how many of everything, and how bad it gets.
struct Scenario: Sendable {
    /// What one caller wants of one payment.
    struct Order: Sendable {
        enum Wish: Sendable, CaseIterable { case nothing, capture, void, refund, twoRefunds, sync }

        var key: String
        var amount: Int64
        var isManual: Bool
        var isCard: Bool
        var pinned: String?
        var fails: Bool
        /// Microseconds.
        var begins: Int64
        /// Seconds the caller waits; `nil`: to the end.
        var patience: Int?
        var wish: Wish
    }

    var replicas = 1
    var orders: [Order] = []
    /// Each request to a bank.
    var faults = 0.0
    /// What can become of one.
    var menu = BankFault.allCases
    /// Whether the replicas decide about breakers together.
    var sharesBreakers = false
    /// Each call of the store.
    var storeFaults = 0.0
    /// Each point at which a replica may die or be stopped.
    var deaths = 0.0
    var pauses = 0.0
    /// How much of what a bank books it posts.
    var callbacks = 1.0
    /// Whether the store dies once and has lost its last second then.
    var losesStore = false
    /// Microseconds of one way to the store, at most.
    var storeLatency = 0
    /// Whether banks take their time to give back what is reversed.
    var reversalsWait = false
    /// Whether a bank may book what it had to call "not found" for good.
    var hasBreaches = false
    /// Microseconds from which on nothing fails any more.
    var calm: Int64 = 60_000_000
    /// How long something is asked about or queued before an operator gets it.
    var patience = Duration.seconds(900)
    /// Whether the banks can be asked by our reference; where not, what is unknown waits for an operator.
    var isAskable = true
    /// For how long the banks know a reference again.
    var memory = SimulatedBank.Memory.forever
    var mutation: SimulatedMutation?

    /// - Parameters:
    ///   - aim: the world is made so that this mistake would show.
    ///   - isMade: whether it is made.
    init(seed: UInt64, aim: SimulatedMutation? = nil, isMade: Bool = false) {
        var dice = Dice(seed: seed ^ 0x5EED)
        mutation = isMade ? aim : nil
        replicas = dice.within(1...3)
        faults = dice.pick([0, 0.1, 0.3, 0.6]) ?? 0
        storeFaults = dice.pick([0, 0, 0.05, 0.2]) ?? 0
        deaths = dice.pick([0, 0.005, 0.02]) ?? 0
        pauses = dice.pick([0, 0, 0.01]) ?? 0
        sharesBreakers = dice.chance(0.3)
        callbacks = dice.pick([0, 0.5, 1]) ?? 0
        storeLatency = dice.pick([0, 2_000, 200_000]) ?? 0
        memory = dice.pick([.forever, .forever, .never, .until(seconds: Int64(dice.within(40...400)))]) ?? .forever
        // A bank that both forgets references and breaks its word about "not found" cannot be made safe by anybody.
        if case .forever = memory { hasBreaches = dice.chance(0.3) }
        isAskable = dice.chance(0.9)
        patience = .seconds(dice.pick([30, 900, 900]) ?? 900)
        calm = Int64(dice.within(10...120)) * 1_000_000
        if case .forever = memory { losesStore = aim == nil && dice.chance(0.05) }
        if let aim { self.aim(at: aim) }
        orders = (1...dice.within(1...3)).map { Self.order($0, &dice) }
    }

    /// Makes frequent what the mistake needs to show.
    private mutating func aim(at mutation: SimulatedMutation) {
        menu = mutation.faults ?? menu
        switch mutation {
        case .resendOnUnknown: memory = .never
        case .reverseTwice, .ignoreSuccessAfterFailed:
            (hasBreaches, memory, reversalsWait, isAskable) = (true, .forever, true, true)
            for index in orders.indices { (orders[index].isManual, orders[index].pinned) = (false, nil) }
        case .forgetEarlierUnknown:
            memory = .forever
            for index in orders.indices { orders[index].pinned = nil }
        case .pausedOwnerSends: pauses = 0.05
        case .repeatAfterLife: (memory, isAskable) = (.until(seconds: 40), false)
        case .dropLease, .fenceAwayApproval: (replicas, deaths, pauses) = (3, 0.01, 0.01)
        default: break
        }
        if mutation.faults != nil { faults = 0.6 }
    }

    private static func order(_ number: Int, _ dice: inout Dice) -> Order {
        Order(
            key: "key-\(number)", amount: Int64(dice.within(2...2_000)), isManual: dice.chance(0.4), isCard: dice.chance(0.4),
            pinned: dice.chance(0.2) ? "bank-\(dice.chance(0.5) ? "a" : "b")" : nil, fails: dice.chance(0.4),
            begins: Int64(dice.within(0...8_000_000)), patience: dice.pick([nil, nil, 0, 2]) ?? nil,
            wish: dice.pick(Order.Wish.allCases) ?? .nothing)
    }

    /// For how many seconds the banks accept a signed request: the last one that is sent, at three quarters of its reference's life,
    /// must not come after it.
    var tolerance: Int64 {
        if case .until(let seconds) = memory { seconds / 4 } else { 300 }
    }

    /// What the gateways declare: what the banks do, unless that is the mistake.
    func capabilities(_ real: Capabilities) -> Capabilities {
        var declared = real
        switch memory {
        case .forever: declared.idempotency = .forever
        case .never: declared.idempotency = .none
        case .until(let seconds):
            declared.idempotency = .limited(.seconds(seconds))
            declared.acceptsSignedRequestFor = .seconds(tolerance)
        }
        declared.inquiryByReference = isAskable
        switch mutation {
        case .repeatAfterLife: declared.idempotency = .forever
        case .believeFirstNotFound:
            declared.notFoundFinalAfter = .zero
            declared.acceptsSignedRequestFor = .zero
        case .pausedOwnerSends: declared.acceptsSignedRequestFor = .zero
        default: break
        }
        return declared
    }
}
