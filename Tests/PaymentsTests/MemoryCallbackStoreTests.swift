import Payments
import TestKit
import Testing

@Suite("The memory store of callbacks", .timeLimit(.minutes(1)))
struct MemoryCallbackStoreTests {
    private let time = ManualTime()

    @Test("keeps the contract of every callback store", arguments: CallbackStoreConformance.all)
    func conforms(_ check: CallbackStoreConformance) async throws {
        let time = time
        try await check.run(CallbackStoreUnderTest(store: MemoryCallbackStore(time: time)) { time.advance(by: $0) })
    }

    @Test("takes no more marks than it may, and says so; those it has can be renewed")
    func fullOfMarks() async throws {
        let store = MemoryCallbackStore(time: time, maximumMarks: 2)
        try await store.remember([mark(1), mark(2)], for: .seconds(10))
        #expect(try await code { _ = try await store.claim(mark(3), for: .seconds(10)) } == .full)
        #expect(try await code { try await store.remember([mark(3)], for: .seconds(10)) } == .full)
        #expect(try await store.isKnown([mark(3)]) == [false])
        try await store.remember([mark(1)], for: .seconds(20))
        time.advance(by: .seconds(10))
        #expect(try await store.claim(mark(3), for: .seconds(10)))
        #expect(try await store.isKnown([mark(1), mark(2), mark(3)]) == [true, false, true])
        #expect(try await code { _ = try await store.claim(mark(4), for: .seconds(10)) } == .full)
    }

    @Test("takes no more references than it may, bound ones and those that are waited for")
    func fullOfReferences() async throws {
        let store = MemoryCallbackStore(time: time, maximumMarks: 2)
        let (callback, work) = try (
            #require(CallbackID("cb_" + String(repeating: "0", count: 26))),
            WorkID(#require(PaymentID("pay_" + String(repeating: "0", count: 26))))
        )
        _ = try await store.bind(GatewayReference("1", at: "b"), to: work, for: .seconds(10))
        _ = try await store.find(GatewayReference("2", at: "b"), orWait: callback, for: .seconds(20))
        #expect(try await code { _ = try await store.bind(GatewayReference("3", at: "b"), to: work, for: .seconds(1)) } == .full)
        let waiting = GatewayReference("4", at: "b")
        #expect(try await code { _ = try await store.find(waiting, orWait: callback, for: .seconds(1)) } == .full)
        #expect(try await store.find(waiting, orWait: nil, for: .seconds(1)) == nil)
        time.advance(by: .seconds(10))
        #expect(try await store.find(waiting, orWait: callback, for: .seconds(1)) == nil)
        #expect(try await store.bind(GatewayReference("2", at: "b"), to: work, for: .seconds(1)) == [callback])
    }

    @Test("makes room again as marks expire, a few with every call, in whatever order they end")
    func sweeps() async throws {
        let store = MemoryCallbackStore(time: time, maximumMarks: 100)
        for round in 0..<5 {
            for number in 0..<100 {
                // 37 has no divisor in common with 100: every duration once, in no order.
                let duration = Duration.seconds(1 + number * 37 % 100)
                #expect(try await store.claim(mark(round * 100 + number), for: duration))
                if number % 3 == 0 { try await store.remember([mark(round * 100 + number)], for: duration + .seconds(50)) }
                if number % 5 == 0 { try await store.release(mark(round * 100 + number)) }
            }
            #expect(try await code { _ = try await store.claim(mark(-1), for: .seconds(1)) } == .full)
            time.advance(by: .seconds(150))
            // Those that were renewed are passed twice.
            for _ in 0..<9 { _ = try await store.isKnown([]) }
        }
    }

    @Test("frees what has ended though what came before it lasts")
    func shortBehindLong() async throws {
        let store = MemoryCallbackStore(time: time, maximumMarks: 20)
        for number in 0..<10 { #expect(try await store.claim(mark(number), for: .seconds(1_000))) }
        for round in 1...3 {
            for number in 0..<10 { #expect(try await store.claim(mark(round * 10 + number), for: .seconds(1))) }
            time.advance(by: .seconds(1))
        }
        #expect(try await store.isKnown((0..<10).map(mark)).allSatisfy { $0 })
    }

    @Test("does not grow by marks that are claimed and released again and again")
    func released() async throws {
        let store = MemoryCallbackStore(time: time, maximumMarks: 2)
        for _ in 0..<1_000 {
            #expect(try await store.claim(mark(1), for: .seconds(10)))
            try await store.release(mark(1))
        }
        #expect(try await store.claim(mark(2), for: .seconds(15)))
        time.advance(by: .seconds(15))
        // A mark that stood in line a thousand times would keep the second from its turn.
        for number in 3...4 { #expect(try await store.claim(mark(number), for: .seconds(10))) }
    }

    private func mark(_ number: Int) -> CallbackMark { CallbackMark(.nonce, String(number), at: "bank-a") }

    private func code(_ body: () async throws -> Void) async throws -> StoreFailure.Code? {
        do {
            try await body()
            return nil
        } catch let failure as StoreFailure {
            return failure.code
        }
    }
}
