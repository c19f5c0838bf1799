import Testing

@testable import Payments

@Suite("What waits in the memory store")
struct MemoryWaitingTests {
    @Test("is for no more payments than there may be, until some wait no more")
    func full() throws {
        var waiting = MemoryWaiting(maximum: 2)
        for number in 1...2 { try waiting.add(try callback(1), for: try payment(number), .seconds(10), now: .zero) }
        try waiting.add(try callback(2), for: try payment(2), .seconds(10), now: .seconds(5))
        let failure = #expect(throws: StoreFailure.self) {
            try waiting.add(try callback(1), for: try payment(3), .seconds(10), now: .seconds(9))
        }
        #expect(failure?.code == .full)
        #expect(waiting.callbacks(for: try payment(1), now: .seconds(9)) == [try callback(1)])
        #expect(waiting.callbacks(for: try payment(1), now: .seconds(10)).isEmpty)
        waiting.sweep(16, now: .seconds(10))
        try waiting.add(try callback(1), for: try payment(3), .seconds(10), now: .seconds(10))
        #expect(waiting.callbacks(for: try payment(1), now: .seconds(10)).isEmpty)
        #expect(waiting.callbacks(for: try payment(2), now: .seconds(10)) == [try callback(1), try callback(2)])
        // The second one's time was put off while it stood in line; it is cleared away all the same.
        waiting.sweep(16, now: .seconds(15))
        try waiting.add(try callback(1), for: try payment(1), .seconds(10), now: .seconds(15))
    }

    @Test("is cleared away a few at a time")
    func sweeps() throws {
        var waiting = MemoryWaiting(maximum: 3)
        for number in 1...3 { try waiting.add(try callback(1), for: try payment(number), .seconds(10), now: .zero) }
        waiting.sweep(2, now: .seconds(10))
        for number in 4...5 { try waiting.add(try callback(1), for: try payment(number), .seconds(10), now: .seconds(10)) }
        #expect(throws: StoreFailure.self) {
            try waiting.add(try callback(1), for: try payment(6), .seconds(10), now: .seconds(10))
        }
    }

    private func payment(_ number: Int) throws -> PaymentID { try #require(PaymentID("pay_" + digits(number))) }

    private func callback(_ number: Int) throws -> CallbackID { try #require(CallbackID("cb_" + digits(number))) }

    private func digits(_ number: Int) -> String { String(repeating: "0", count: 25) + "\(number)" }
}
