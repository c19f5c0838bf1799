import Payments
import Testing

extension PaymentStoreConformance {
    /// The other checks once more, with a quota that none uses up: what a claim does is the same.
    public static let allUnderQuota = whateverTheQuota.map { check in
        PaymentStoreConformance(check.description + ", also under a quota") { test in
            try await Sample.$quota.withValue(Quota(perSecond: 1_000_000, burst: 1_000_000)) { try await check.run(test) }
        }
    }

    static let quotas: [PaymentStoreConformance] = spending + refusals + refills

    private static let spending: [PaymentStoreConformance] = [
        .init("A tenant may claim its burst at once, and no more") { test in
            let spent = try await test.spendAll(Quota(perSecond: 1, burst: 7))
            #expect(spent.range.contains(spent.count))
        },
        .init("Many claims at once get no more tokens than there are, and no fewer") { test in
            let clock = ContinuousClock.now
            let results = try await test.payments(200, under: Quota(perSecond: 1, burst: 50))
            let accepted = results.filter { $0 == .new }.count
            #expect((50...50 + clock.tokens(1)).contains(accepted))
            #expect(results.filter(\.isLimited).count == 200 - accepted)
        },
        .init("A repeat costs a token, and so does an operation, whatever becomes of it") { test in
            let (clock, quota) = (ContinuousClock.now, Quota(perSecond: 1, burst: 9))
            let record = try Sample.payment()
            #expect(try await test.store.claim(Sample.claim(record, quota: quota)) == .new)
            #expect(try await test.store.claim(Sample.claim(record, quota: quota)) == .new)
            #expect(try await test.store.claim(Sample.claim(record, token: "other", quota: quota)).isRunning)
            #expect(try await test.store.claim(Sample.claim(record, fingerprints: ["f2"], quota: quota)) == .mismatch)
            for (number, kind) in [OperationRecord.Kind.capture, .void, .refund].enumerated() {
                let claim = Sample.claim(try Sample.operation(kind, number, of: record), quota: quota)
                #expect(try await test.store.claim(claim) == .invalidState(.processing, busy: false))
            }
            let unknown = try Sample.operation(.void, of: try Sample.payment(2))
            #expect(try await test.store.claim(Sample.claim(unknown, quota: quota)) == .notFound)
            let rest = try await test.spendAll(quota, from: 100)
            #expect((1...1 + clock.tokens(1)).contains(rest.count))
        },
        .init("Another tenant's tokens are its own") { test in
            let quota = Quota(perSecond: 1, burst: 3)
            _ = try await test.spendAll(quota)
            let other = try await test.spendAll(quota, from: 100, tenant: "globex")
            #expect(other.range.contains(other.count))
        },
        .init("A claim without a quota takes nothing and is never refused") { test in
            let quota = Quota(perSecond: 1, burst: 2)
            for number in 1...5 {
                let claim = Sample.claim(try Sample.payment(number), quota: nil)
                #expect(try await test.store.claim(claim) == .new)
            }
            let spent = try await test.spendAll(quota, from: 100)
            #expect(spent.range.contains(spent.count))
            #expect(try await test.store.claim(Sample.claim(try Sample.payment(9), quota: nil)) == .new)
        },
    ]

    private static let refusals: [PaymentStoreConformance] = [
        .init("A refused claim is told when to come again") { test in
            let quota = Quota(perSecond: 1, burst: 3)
            let standing = try await test.spendAll(quota).standing
            #expect(standing.quota == quota)
            #expect(standing.untilNext > .zero && standing.untilNext <= .seconds(1))
        },
        .init("A refused claim stores nothing, and its key is as good as new") { test in
            let refused = try Sample.payment(900)
            try #require(try await test.store.claim(Sample.claim(refused, quota: try await test.usedUp())).isLimited)
            #expect(try await test.store.payment(refused.id, tenant: "acme") == nil)
            #expect(try await test.store.work(WorkID(refused.id)) == nil)
            let listed = try await test.store.payments(tenant: "acme", reference: refused.reference, limit: 100)
            #expect(!listed.contains { $0.record.id == refused.id })
            #expect(try await test.store.claim(Sample.claim(refused, fingerprints: ["f2"])) == .new)
        },
        .init("A refused repeat changes nothing, of its owner or of another") { test in
            let quota = try await test.usedUp()
            let record = try Sample.payment(900)
            _ = try await test.store.claim(Sample.claim(record, lease: Sample.short))
            try await test.elapse(Sample.short)
            for token in ["owner", "other"] {
                #expect(try await test.store.claim(Sample.claim(record, token: token, quota: quota)).isLimited)
                #expect(try await test.stored(record) == test.released(record))
            }
        },
        .init("A refused operation reserves nothing") { test in
            let payment = try await test.settled(.authorized, number: 900)
            let quota = try await test.usedUp()
            for kind in [OperationRecord.Kind.capture, .void] {
                let claim = Sample.claim(try Sample.operation(kind, of: payment), quota: quota)
                #expect(try await test.store.claim(claim).isLimited)
            }
            #expect(try await test.stored(payment) == test.released(payment))
            #expect(try await test.store.openOperations(of: payment.id).isEmpty)
        },
    ]

    private static let refills: [PaymentStoreConformance] = [
        .init("What was told to wait gets its token, on the store's clock") { test in
            let quota = Quota(perSecond: 20, burst: 2)
            let standing = try await test.spendAll(quota).standing
            try await test.elapse(standing.untilNext + .milliseconds(10))
            #expect(try await test.store.claim(Sample.claim(try Sample.payment(900), quota: quota)) == .new)
        },
        .init("A bucket fills up to its burst and not beyond") { test in
            let quota = Quota(perSecond: 50, burst: 3)
            _ = try await test.spendAll(quota)
            try await test.elapse(.milliseconds(400))
            let again = try await test.spendAll(quota, from: 100)
            #expect(again.range.contains(again.count))
        },
        .init("Another rate counts at once") { test in
            _ = try await test.spendAll(Quota(perSecond: 1, burst: 2))
            try await test.elapse(.milliseconds(10))
            let faster = Sample.claim(try Sample.payment(900), quota: Quota(perSecond: 1_000, burst: 2))
            #expect(try await test.store.claim(faster) == .new)
        },
        .init("Another burst counts at once: what was taken stays taken") { test in
            let clock = ContinuousClock.now
            let some = try await test.spendAll(Quota(perSecond: 1, burst: 2))
            let more = try await test.spendAll(Quota(perSecond: 1, burst: 6), from: 100)
            #expect((6...6 + clock.tokens(1)).contains(some.count + more.count))
            let fewer = try await test.spendAll(Quota(perSecond: 1, burst: 1), from: 200)
            #expect(fewer.count == 0)
            #expect(fewer.standing.untilNext <= .seconds(6))
        },
    ]
}

extension StoreUnderTest {
    /// What a tenant got until it was refused.
    struct Spent {
        let count: Int
        /// What the burst and the clock allow it to be.
        let range: ClosedRange<Int>
        let standing: Quota.Standing
    }

    /// Claims payments with numbers from `first` on until one is refused.
    func spendAll(_ quota: Quota, from first: Int = 1, tenant: String = "acme") async throws -> Spent {
        let clock = ContinuousClock.now
        var number = first
        while true {
            let record = try Sample.payment(number, tenant: tenant)
            let result = try await store.claim(Sample.claim(record, quota: quota))
            if case .limited(let standing) = result {
                let range = quota.burst...quota.burst + clock.tokens(quota.perSecond)
                return Spent(count: number - first, range: range, standing: standing)
            }
            try #require(result == .new)
            number += 1
        }
    }

    /// A quota that gives no token for the next half minute.
    func usedUp() async throws -> Quota {
        for number in 1...30 {
            let claim = Sample.claim(try Sample.payment(number), quota: Quota(perSecond: 1, burst: 60))
            try #require(try await store.claim(claim) == .new)
        }
        return Quota(perSecond: 1, burst: 1)
    }

    /// Payments of one tenant that are claimed at once.
    func payments(_ count: Int, under quota: Quota) async throws -> [PaymentClaimResult] {
        try await withThrowingTaskGroup(of: PaymentClaimResult.self) { group in
            for number in 0..<count {
                let claim = Sample.claim(try Sample.payment(number), quota: quota)
                group.addTask { try await store.claim(claim) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}

extension ContinuousClock.Instant {
    /// That can have come since then, at so many a second: a store with a clock of its own is not slower.
    fileprivate func tokens(_ perSecond: Int) -> Int {
        Int(duration(to: .now) / .seconds(1) * Double(perSecond))
    }
}

extension PaymentClaimResult {
    var isLimited: Bool { if case .limited = self { true } else { false } }
}

extension OperationClaimResult {
    var isLimited: Bool { if case .limited = self { true } else { false } }
}
