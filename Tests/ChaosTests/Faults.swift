import MockGateways
import ProcessKit
import Synchronization
import TestKit

/// What goes wrong with a fleet under load: every kind in a rhythm of its own, until told to end; then all is well again.
final class Faults: Sendable {
    enum Kind: String, Sendable, CaseIterable {
        case replicaKilled, replicaPaused, redisKilled, bankDown, misbehaviour
    }

    private let fleet: Fleet
    private let seed: UInt64
    private let counts = Mutex<[Kind: Int]>([:])

    init(in fleet: Fleet, seed: UInt64) {
        self.fleet = fleet
        self.seed = seed
    }

    var all: [Kind: Int] { counts.withLock { $0 } }

    /// Returns when the time is over and everything runs.
    func reign(for duration: Duration) async throws {
        let end = ContinuousClock.now + duration
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, rhythm) in Self.rhythms.enumerated() {
                group.addTask { [self] in
                    let dice = Dice(seed: seed &+ UInt64(number))
                    while ContinuousClock.now < end {
                        try await Chaos.pause(dice.duration(rhythm.every))
                        try await rhythm.fault(self, dice)
                    }
                }
            }
            try await group.waitForAll()
        }
        for bank in fleet.banks { bank.mock.forgetScript() }
    }

    private struct Rhythm: Sendable {
        /// In milliseconds.
        let every: ClosedRange<Int>
        let fault: @Sendable (Faults, Dice) async throws -> Void
    }

    private static let rhythms = [
        Rhythm(every: 1_000...3_000) { try await $0.troubleReplica($1) },
        Rhythm(every: 3_000...6_000) { try await $0.killRedis($1) },
        Rhythm(every: 1_000...3_000) { try await $0.cutOffBank($1) },
        Rhythm(every: 50...250) { try $0.misbehave($1) },
    ]

    private func count(_ kind: Kind) { counts.withLock { $0[kind, default: 0] += 1 } }

    // MARK: Each kind

    private func troubleReplica(_ dice: Dice) async throws {
        let replica = dice.pick(fleet.replicas)
        if dice.happens(0.3) {
            count(.replicaPaused)
            await replica.pause()
            try await Chaos.pause(dice.duration(200...1_500))
            replica.resume()
        } else {
            count(.replicaKilled)
            await replica.kill()
            try await Chaos.pause(dice.duration(0...500))
            try await replica.start()
        }
    }

    private func killRedis(_ dice: Dice) async throws {
        count(.redisKilled)
        await fleet.redis.stop()
        try await Chaos.pause(dice.duration(0...800))
        try await fleet.redis.start()
    }

    private func cutOffBank(_ dice: Dice) async throws {
        let bank = dice.pick(fleet.banks)
        count(.bankDown)
        await bank.proxy.close()
        try await Chaos.pause(dice.duration(200...1_500))
        try await bank.proxy.open()
    }

    /// Before the bank acts, or after it; refusals, lost answers, answers that come after the attempt's time.
    private static let misbehaviours: [Misbehaviour] = [
        .status500, .status500After, .cutBefore, .cutAfter, .cutMidAnswer, .slowBefore(milliseconds: 700),
        .slowAfter(milliseconds: 700), .rateLimited, .notProcessed, .status503, .garbage,
    ]

    private func misbehave(_ dice: Dice) throws {
        count(.misbehaviour)
        let operation: BankOperation =
            dice.happens(0.6) ? .charge : dice.pick([.capture, .void, .refund, .inquiry, .refundInquiry])
        let bank = dice.pick(fleet.banks).mock
        // They must not pile up while a breaker is open: every probe would meet one.
        bank.forgetScript()
        try bank.script(dice.pick(Self.misbehaviours), for: operation, times: 1 + dice.number(below: 2))
    }
}
