import MockGateways
import ProcessKit

@testable import RedisStore

/// What a caller wants that moves money.
enum Deed: String, Sendable, CaseIterable {
    case payment, refund

    /// By which a proxy knows the claim on its way to Redis.
    var claim: String { self == .payment ? RedisScript.claimPayment.digest : RedisScript.claimOperation.digest }

    var operation: BankOperation { self == .payment ? .charge : .refund }
}

/// A moment in a payment's life at which its process is killed. The program knows nothing of these: the test sees them pass by.
enum KillPoint: String, Sendable, CaseIterable {
    /// Redis has the claim, its owner does not know.
    case claimStored
    /// Redis has a second attempt at the same gateway, its owner does not know.
    case attemptStored
    /// A part of the request is on its way to the bank.
    case sending
    /// The bank has the request, and acts on it later.
    case sent
    /// The bank has acted, its answer is on the way.
    case acted
    /// The owner has the answer, its settle is on the way to Redis.
    case heard
    /// Redis has the answer, its owner does not know.
    case settled

    /// - Returns: what waits for the moment.
    func prepare(_ deed: Deed, in fleet: Fleet) throws -> @Sendable () async -> Bool {
        let (bank, redis) = (fleet.banks[0], fleet.first.redis)
        let settle = RedisScript.settle.digest
        switch self {
        case .claimStored: return redis.freeze(at: .answer(to: deed.claim)).reached
        case .attemptStored:
            try bank.mock.script(.notProcessed, for: deed.operation)
            return redis.freeze(at: .answer(to: settle)).reached
        case .sending: return bank.proxy.freeze(at: .sent(200)).reached
        case .sent:
            try bank.mock.script(.slowBefore(milliseconds: 3_000), for: deed.operation)
            let known = bank.mock.counters[deed.operation]
            return {
                await bank.mock.reaches { _, counters in counters[deed.operation] > known }
                return !Task.isCancelled
            }
        case .acted: return bank.proxy.freeze(at: .answer).reached
        case .heard: return redis.freeze(at: .before(settle)).reached
        case .settled: return redis.freeze(at: .answer(to: settle)).reached
        }
    }
}
