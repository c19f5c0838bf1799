import AdapterKit
import Logging
import NIOPosix
import Payments
import RedisStore
import TestKit
import Testing

/// A store with a clock that the test moves: so it decides when the store connects again.
struct Subject {
    let store: RedisPaymentStore
    let time: ManualTime

    /// Runs the body with a started store and shuts the store down whatever happens.
    static func with<Result>(
        url: String, credentials: RedisConfiguration.Credentials? = nil, timeout: Duration = .seconds(5), waitReplicas: Int = 0,
        keyPrefix: String = "db:", certificateAuthority: [UInt8]? = nil, connections: Int = 2,
        _ body: (Subject) async throws -> Result
    ) async throws -> Result {
        let configuration = try RedisConfiguration(
            url: url, credentials: credentials, timeout: timeout, waitReplicas: waitReplicas, keyPrefix: keyPrefix,
            certificateAuthority: certificateAuthority, connections: connections)
        let time = ManualTime()
        let store = try RedisPaymentStore(
            configuration: configuration, time: time, random: SeededRandom(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            group: MultiThreadedEventLoopGroup.singleton)
        await store.start()
        do {
            let result = try await body(Subject(store: store, time: time))
            await store.shutdown()
            return result
        } catch {
            await store.shutdown()
            throw error
        }
    }

    /// Waits until that many connections have ended, then lets them be made again.
    func reconnect(connections: Int = 2) async {
        await time.sleepers(atLeast: connections)
        time.advance(by: .seconds(1))
    }

    /// A payment that waits for the gateway `bank-a` and is due.
    func queued(_ number: Int) async throws -> PaymentRecord {
        var record = try Sample.payment(number)
        #expect(try await store.claim(Sample.claim(number)) == .new)
        record.version = 2
        record.status = .queued
        record.processingReason = nil
        record.gateway = "bank-a"
        let settlement = Settlement(
            record: record, expectedVersion: 1, hold: .release(token: "owner"), wake: .zero, keeping: Sample.keeping)
        #expect(try await store.settle(settlement) == .done)
        return record
    }

    /// The failure of a step, or `nil` when it did not fail.
    func failure(_ step: (RedisPaymentStore) async throws -> Void) async throws -> StoreFailure? {
        do {
            try await step(store)
            return nil
        } catch let failure as StoreFailure {
            return failure
        }
    }
}

enum Sample {
    static let keeping = Keeping(retention: .seconds(3_600), keys: .seconds(3_600))
    static let start = Timestamp(seconds: 1_767_225_600)

    static func payment(_ number: Int = 1) throws -> PaymentRecord {
        let digits = String(number)
        let padded = String(repeating: "0", count: 26 - digits.count) + digits
        return PaymentRecord(
            id: try #require(PaymentID("pay_" + padded)), tenant: "acme",
            money: Money(minorUnits: 100, currency: try #require(Currency("EUR"))), reference: "order-1", capture: .automatic,
            methodKind: .card, pinnedGateway: nil, onUnavailable: .queue, createdAt: start, sealed: [UInt8](digits.utf8))
    }

    static func claim(_ number: Int = 1, token: String = "owner") throws -> PaymentClaim {
        PaymentClaim(
            record: try payment(number), fingerprints: ["f"], lease: Lease(token: token, duration: .seconds(60)), answered: false,
            keeping: keeping)
    }

    static func key(_ kind: String, _ payment: PaymentRecord) -> String { "db:{\(payment.id.bucket)}:\(kind):\(payment.id)" }
}
