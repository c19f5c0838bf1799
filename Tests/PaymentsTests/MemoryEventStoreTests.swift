import AdapterKit
import Payments
import TestKit
import Testing

@Suite("The memory store of events")
struct MemoryEventStoreTests {
    private let time = ManualTime()

    @Test("keeps the contract of every store of events", arguments: EventStoreConformance.all)
    func conforms(_ check: EventStoreConformance) async throws {
        let time = time
        let payments = MemoryPaymentStore(time: time)
        let store = MemoryEventStore(payments: payments, time: time, limits: check.limits)
        try await check.run(EventStoreUnderTest(payments: payments, store: store) { time.advance(by: $0) })
    }
}
