import AdapterKit
import Payments
import TestKit
import Testing

@testable import Drawbridge

@Suite struct ShelfGaugesTests {
    private static let keeping = Keeping(retention: .seconds(1_000), keys: .seconds(2_000))
    private let time = ManualTime()
    private let metrics = PrometheusMetrics()
    private let store: FaultyStore
    private let callbacks: MemoryCallbackStore
    private let gauges: ShelfGauges

    init() {
        store = FaultyStore(MemoryPaymentStore(time: time))
        callbacks = MemoryCallbackStore(time: time)
        gauges = ShelfGauges(store: store, callbacks: callbacks, gateways: ["bank-a"], metrics: metrics, time: time)
    }

    private func lines() async -> [Substring] {
        await gauges.refresh()
        return metrics.text().split(separator: "\n").filter { !$0.hasPrefix("#") && !$0.hasSuffix(" 0.0") }
    }

    /// A payment in manual review at a gateway, or one that failed.
    private func settle(dead: Bool, at gateway: String, version: Int) async throws {
        var record = PaymentRecord(
            id: try #require(PaymentID("pay_" + String(repeating: "0", count: 26))), tenant: "acme",
            money: Money(minorUnits: 1, currency: try #require(Currency("BRL"))), reference: "r", capture: .automatic,
            methodKind: .card, pinnedGateway: nil, onUnavailable: .queue, createdAt: time.now(), sealed: [])
        record.status = dead ? .manualReview : .failed
        record.processingReason = nil
        record.gateway = gateway
        record.deadLetter = dead ? DeadLetter(.outcomeUnknown, since: time.now()) : nil
        record.version = version
        #expect(try await store.settle(Settlement(record: record, expectedVersion: version - 1, keeping: Self.keeping)) == .done)
    }

    @Test("what waits is told by gateway, configured or not, and as 0 once it is gone")
    func counts() async throws {
        #expect(await lines() == [])
        #expect(metrics.text().contains("drawbridge_queue_depth{gateway=\"bank-a\"} 0.0"))
        try await settle(dead: true, at: "bank-gone", version: 1)
        time.advance(by: .seconds(5))
        #expect(await lines() == ["drawbridge_dead_letters{gateway=\"bank-gone\"} 1.0"])
        try await settle(dead: false, at: "bank-gone", version: 2)
        time.advance(by: .seconds(5))
        #expect(await lines() == [])
        #expect(metrics.text().contains("drawbridge_dead_letters{gateway=\"bank-gone\"} 0.0"))
    }

    @Test("callbacks that wait are told by gateway and kind, and as 0 once they are gone")
    func countsCallbacks() async throws {
        let id = try #require(CallbackID("cb_" + String(repeating: "0", count: 26)))
        let kept = KeptCallback(
            id: id, gateway: "bank-a", kind: .unmatched, eventID: "e", subject: nil, outcome: nil, receivedAt: time.now(),
            sealed: [])
        #expect(try await callbacks.keep(kept, limit: 1) == .kept)
        #expect(await lines() == ["drawbridge_callbacks_kept{gateway=\"bank-a\",kind=\"unmatched\"} 1.0"])
        try await callbacks.drop(id)
        time.advance(by: .seconds(5))
        #expect(await lines() == [])
        #expect(metrics.text().contains("drawbridge_callbacks_kept{gateway=\"bank-a\",kind=\"unmatched\"} 0.0"))
    }

    @Test("the store is not asked at every scrape")
    func cached() async throws {
        #expect(await lines() == [])
        try await settle(dead: true, at: "bank-a", version: 1)
        time.advance(by: .milliseconds(4_999))
        #expect(await lines() == [])
        time.advance(by: .milliseconds(1))
        #expect(await lines() == ["drawbridge_dead_letters{gateway=\"bank-a\"} 1.0"])
    }

    @Test("a store that is away leaves the last values")
    func away() async throws {
        try await settle(dead: true, at: "bank-a", version: 1)
        #expect(await lines() == ["drawbridge_dead_letters{gateway=\"bank-a\"} 1.0"])
        try await settle(dead: false, at: "bank-a", version: 2)
        store.fail([.read], .away)
        time.advance(by: .seconds(60))
        #expect(await lines() == ["drawbridge_dead_letters{gateway=\"bank-a\"} 1.0"])
    }
}
