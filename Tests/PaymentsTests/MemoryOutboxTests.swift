import AdapterKit
import Payments
import TestKit
import Testing

@Suite("The memory store's outbox")
struct MemoryOutboxTests {
    private let time = ManualTime()

    @Test("lists what was written, oldest first, of all payments or of some, and no more than wanted")
    func lists() async throws {
        let store = MemoryPaymentStore(time: time)
        for (number, payment) in [2, 1, 2, 3].enumerated() { try await write(number, payment, in: store) }
        #expect(versions(in: store) == [0, 1, 2, 3])
        #expect(versions(in: store, of: [2, 3]) == [0, 2, 3])
        #expect(versions(in: store, of: [2, 3], limit: 2) == [0, 2])
        #expect(versions(in: store, limit: 1) == [0])
        #expect(versions(in: store, limit: 0) == [])
        #expect(versions(in: store, of: []) == [])
        #expect(versions(in: store, of: [4]) == [])
    }

    @Test("does not list what was removed, whatever the order, and takes unknown ids in its stride")
    func removes() async throws {
        let store = MemoryPaymentStore(time: time)
        for number in 0..<20 { try await write(number, number % 3, in: store) }
        let ids = store.outbox(of: nil, limit: .max).map(\.id)
        store.removeFromOutbox([ids[7], -1, ids[7], .max])
        #expect(versions(in: store) == Array(0..<20).filter { $0 != 7 })
        #expect(versions(in: store, of: [1]) == [1, 4, 10, 13, 16, 19])
        store.removeFromOutbox(ids.enumerated().filter { $0.offset % 5 != 0 }.map(\.element))
        #expect(versions(in: store) == [0, 5, 10, 15])
        #expect(versions(in: store, of: [0]) == [0, 15])
        store.removeFromOutbox([ids[0]])
        try await write(20, 0, in: store)
        #expect(versions(in: store) == [5, 10, 15, 20])
        #expect(Set(store.outbox(of: nil, limit: .max).map(\.id)).isDisjoint(with: [ids[0], ids[7]]))
        store.removeFromOutbox(store.outbox(of: nil, limit: .max).map(\.id))
        #expect(versions(in: store) == [])
    }

    @Test("says full when nobody relays, writes nothing then, and has room again once somebody does")
    func full() async throws {
        let store = MemoryPaymentStore(time: time, maximumEvents: 2)
        for number in 1...2 { try await write(number, number, in: store) }
        let failure = await #expect(throws: StoreFailure.self) { try await write(3, 3, in: store) }
        #expect(failure?.code == .full)
        #expect(try await store.work(WorkID(try id(3))) == nil)
        let known = try await store.work(WorkID(try id(1)))
        await #expect(throws: StoreFailure.self) { try await write(2, 1, in: store) }
        #expect(try await store.work(WorkID(try id(1))) == known)
        store.removeFromOutbox(store.outbox(of: nil, limit: 1).map(\.id))
        try await write(3, 3, in: store)
        #expect(versions(in: store) == [2, 3])
    }

    // MARK: Samples

    private func id(_ number: Int) throws -> PaymentID {
        try #require(PaymentID("pay_" + String(repeating: "0", count: 25) + "\(number)"))
    }

    private func versions(in store: MemoryPaymentStore, of payments: [Int]? = nil, limit: Int = .max) -> [Int] {
        let payments = payments.map { Set($0.compactMap { try? id($0) }) }
        return store.outbox(of: payments, limit: limit).map(\.event.version)
    }

    /// The event's version is the number; the payment's follows what is stored.
    private func write(_ number: Int, _ payment: Int, in store: MemoryPaymentStore) async throws {
        let id = try id(payment)
        var record = PaymentRecord(
            id: id, tenant: "acme", money: Money(minorUnits: 1, currency: try #require(Currency("EUR"))), reference: "r",
            capture: .automatic, methodKind: .card, pinnedGateway: nil, onUnavailable: .fail, createdAt: time.now(), sealed: [])
        let version = try await store.work(WorkID(id))?.payment.record.version ?? 0
        record.version = version + 1
        let event = PaymentEvent(
            tenant: "acme", payment: id, object: id.text, version: number, kind: .paymentProcessing, cause: .response,
            createdAt: time.now(), sealed: [])
        let settlement = Settlement(
            record: record, expectedVersion: version, events: [event],
            keeping: Keeping(retention: .seconds(10), keys: .seconds(10)))
        #expect(try await store.settle(settlement) == .done)
    }
}
