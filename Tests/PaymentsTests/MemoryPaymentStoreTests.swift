import AdapterKit
import Payments
import TestKit
import Testing

@Suite("The memory store")
struct MemoryPaymentStoreTests {
    private let time = ManualTime()

    @Test("keeps the contract of every payment store", arguments: PaymentStoreConformance.all)
    func conforms(_ check: PaymentStoreConformance) async throws {
        let time = time
        let store = MemoryPaymentStore(time: time)
        try await check.run(
            StoreUnderTest(store: store, elapse: { time.advance(by: $0) }) {
                store.outbox(of: [$0], limit: .max).map(\.event)
            })
    }

    @Test("keeps it also where each claim takes a token", arguments: PaymentStoreConformance.allUnderQuota)
    func conformsUnderQuota(_ check: PaymentStoreConformance) async throws { try await conforms(check) }

    @Test("takes no more payments than it may, and says so")
    func full() async throws {
        let store = MemoryPaymentStore(time: time, maximumPayments: 2)
        #expect(try await store.claim(claim(1)) == .new)
        #expect(try await store.claim(claim(2)) == .new)
        let failure = await #expect(throws: StoreFailure.self) { try await store.claim(claim(3)) }
        #expect(failure?.code == .full)
        #expect(try await store.claim(claim(2)) == .new)
        let settlement = Settlement(record: try record(3), expectedVersion: 1, hold: release, keeping: keeping)
        await #expect(throws: StoreFailure.self) { try await store.settle(settlement) }
    }

    @Test("counts the marks of keys against its bound, until they expire too")
    func marksCount() async throws {
        let store = MemoryPaymentStore(time: time, maximumPayments: 1)
        _ = try await store.claim(claim(1))
        _ = try await store.settle(Settlement(record: try failed(1), expectedVersion: 1, hold: release, keeping: keeping))
        time.advance(by: keeping.retention)
        await #expect(throws: StoreFailure.self) { try await store.claim(claim(2)) }
        #expect(try await store.claim(claim(1)) == .mismatch)
        time.advance(by: keeping.keys)
        #expect(try await store.claim(claim(2)) == .new)
    }

    @Test("makes room again as payments and marks expire, a few with every call")
    func sweeps() async throws {
        let store = MemoryPaymentStore(time: time, maximumPayments: 100)
        for round in 0..<5 {
            for number in 0..<100 {
                let id = round * 100 + number
                #expect(try await store.claim(claim(id)) == .new)
                _ = try await store.settle(
                    Settlement(record: try failed(id), expectedVersion: 1, hold: release, keeping: keeping))
            }
            time.advance(by: keeping.retention)
            for _ in 0..<10 { #expect(try await store.payments(tenant: "acme", reference: "r", limit: 100).isEmpty) }
            time.advance(by: keeping.keys)
        }
    }

    @Test("keeps a payment whose time was put off while it stood in line")
    func putOff() async throws {
        let store = MemoryPaymentStore(time: time)
        _ = try await store.claim(claim(1))
        var record = try failed(1)
        _ = try await store.settle(Settlement(record: record, expectedVersion: 1, hold: release, keeping: keeping))
        time.advance(by: .seconds(9))
        record.version = 3
        #expect(try await store.settle(Settlement(record: record, expectedVersion: 2, keeping: keeping)) == .done)
        time.advance(by: .seconds(9))
        #expect(try await store.payment(record.id, tenant: "acme") != nil)
        time.advance(by: .seconds(1))
        #expect(try await store.payment(record.id, tenant: "acme") == nil)
    }

    // MARK: Samples

    private let release = Settlement.Hold.release(token: "t")
    private let keeping = Keeping(retention: .seconds(10), keys: .seconds(20))

    private func record(_ number: Int) throws -> PaymentRecord {
        let digits = String(number)
        let id = try #require(PaymentID("pay_" + String(repeating: "0", count: 26 - digits.count) + digits))
        let currency = try #require(Currency("EUR"))
        return PaymentRecord(
            id: id, tenant: "acme", money: Money(minorUnits: 1, currency: currency), reference: "r", capture: .automatic,
            methodKind: .card, pinnedGateway: nil, onUnavailable: .fail, createdAt: time.now(), sealed: [])
    }

    private func failed(_ number: Int) throws -> PaymentRecord {
        var record = try record(number)
        record.status = .failed
        record.version = 2
        return record
    }

    private func claim(_ number: Int) throws -> PaymentClaim {
        PaymentClaim(
            record: try record(number), fingerprints: ["f"], lease: Lease(token: "t", duration: .seconds(5)), answered: false,
            keeping: keeping)
    }
}
