import Payments
import TestKit
import Testing

@Suite("The memory store of breakers", .timeLimit(.minutes(1)))
struct CircuitBreakersMemoryStoreTests {
    @Test("keeps the contract of every breaker store", arguments: BreakerStoreConformance.all)
    func conforms(_ check: BreakerStoreConformance) async throws {
        let time = ManualTime()
        try await check.run(BreakerStoreUnderTest(store: MemoryBreakerStore(time: time)) { time.advance(by: $0) })
    }
}
