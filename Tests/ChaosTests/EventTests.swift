import AdapterKit
import MockGateways
import ProcessKit
import TestKit
import Testing

@testable import RedisStore

@Suite("Events, while the replica that tells them is killed", .serialized, .timeLimit(.minutes(5)))
struct EventTests {
    private static let shoppers = 8

    /// A moment of an event on its way from the settle to the feed.
    private enum Moment: String, CaseIterable {
        /// It lies in the outbox, its writer does not know.
        case settled
        /// It was read from the outbox, and is on the way to the feed.
        case appending
        /// It is in the feed, and in the outbox as well.
        case appended

        func point(_ occurrence: Int) -> FreezingPoint {
            switch self {
            case .settled: .answer(to: RedisScript.settle.digest, occurrence: occurrence)
            case .appending: .before(RedisScript.appendEvents.digest, occurrence: occurrence)
            case .appended: .answer(to: RedisScript.appendEvents.digest, occurrence: occurrence)
            }
        }
    }

    @Test("the other replica brings to the feed what is left in the outboxes: none lost, none twice, in order")
    func relayKilled() async throws {
        let moments = Moment.allCases.flatMap { moment in [1, 3].map { (moment, $0) } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (moment, occurrence) in moments {
                group.addTask {
                    try await Fleet.with {
                        try await Self.killRelay(in: $0, at: moment.point(occurrence), "\(moment), \(occurrence)")
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private static func killRelay(in fleet: Fleet, at point: FreezingPoint, _ comment: Comment) async throws {
        let payments = try await shop(in: fleet, killedAt: point)
        var telling = Telling()
        // The one that died does not run again: it is the other that brings them.
        try await telling.read(at: fleet.second, fleet.redis) { events in
            events.count { $0["type"]?.text == "refund.succeeded" } >= 2 * payments.count
                && events.count { $0["type"]?.text == "payment.succeeded" } >= payments.count
        }
        let violations = telling.violations(try await fleet.second.audits(of: payments))
        #expect(violations.isEmpty, "\(comment): \(violations.joined(separator: "\n"))")
        #expect(payments.count == shoppers)
        #expect(telling.events.count { $0["type"]?.text == "refund.succeeded" } == 2 * shoppers, comment)
    }

    /// Payments, each refunded twice, at the first replica alone until it is killed, then at the other.
    private static func shop(in fleet: Fleet, killedAt point: FreezingPoint) async throws -> [String] {
        await fleet.second.pause()
        let frozen = fleet.first.redis.freeze(at: point)
        let customer = Customer(at: fleet.replicas)
        async let shopping = gather((0..<shoppers).map { "order-\($0)" }) { key in
            let paid = try await customer.pay(Caller.order(), key: key)
            for (number, amount) in [Int64(300), 200].enumerated() {
                let refunded = try await customer.refund(paid.id, amount, key: "\(key)-\(number)")
                #expect(refunded.state == "succeeded", "\(refunded.text)")
            }
            return paid.id
        }
        #expect(await frozen.reached())
        await fleet.first.kill()
        fleet.first.redis.thaw()
        fleet.second.resume()
        return try await Array(shopping.values)
    }

    // MARK: Webhooks

    /// Not answered by the receiver, so that their sender dies while he waits.
    private static let unanswered = 2..<5
    private static let payments = 12

    @Test("the other replica posts what its sender had not finished, under the same id, once the hold has run out")
    func senderKilled() async throws {
        let gate = Gate()
        try await DecidingReceiver.with(
            answers: { number in
                await gate.passed()
                return !Self.unanswered.contains(number)
            },
            { receiver, url in
                let webhook = "{ url: \"\(url)\", secret: \"text:\(DecidingReceiver.secret)\" }"
                try await Fleet.with(.always, { $0.webhooks = [webhook] }) { fleet in
                    try await Self.killSender(in: fleet, openingFor: gate)
                    let start = ContinuousClock.now
                    try await Self.expectDelivered(to: receiver, in: fleet)
                    print("webhooks: \(receiver.received.count) posts, the last \(ContinuousClock.now - start) after the kill")
                }
            })
    }

    private static func killSender(in fleet: Fleet, openingFor gate: Gate) async throws {
        await fleet.second.pause()
        let caller = try fleet.first.caller
        for _ in 0..<payments {
            let paid = try await caller.pay()
            #expect(paid.state == "succeeded", "\(paid.text)")
        }
        // Two have been finished; of one the receiver has said yes, and nobody knows.
        let frozen = fleet.first.redis.freeze(at: .before(RedisScript.finishDelivery.digest, occurrence: 3))
        gate.open()
        #expect(await frozen.reached())
        await fleet.first.kill()
        fleet.first.redis.thaw()
        fleet.second.resume()
        try await fleet.first.start()
    }

    private static func expectDelivered(to receiver: DecidingReceiver, in fleet: Fleet) async throws {
        while try await fleet.second.pendingWebhooks() > 0 { try await Chaos.pause(.milliseconds(200)) }
        var telling = Telling()
        try await telling.read(at: fleet.second)
        let received = Dictionary(grouping: receiver.received, by: \.id)
        #expect(Set(received.keys) == Set(telling.events.map(\.webhookID)))
        #expect(telling.events.count == payments)
        for event in telling.events {
            let deliveries = received[event.webhookID] ?? []
            #expect(deliveries.contains { $0.isAnswered })
            #expect(deliveries.allSatisfy { $0.isSigned && $0.shows(event) })
        }
        let repeated = received.values.filter { $0.count > 1 }
        #expect(repeated.count { !$0[0].isAnswered } == unanswered.count)
        #expect(repeated.contains { $0[0].isAnswered }, "what was received and not noted comes again")
    }
}

extension JSON {
    /// What an event is posted under.
    fileprivate var webhookID: String { "\(self["data"]?["id"]?.text ?? "?")_v\(self["version"]?.integer ?? 0)" }
}

extension DecidingReceiver.Delivery {
    fileprivate func shows(_ event: JSON) -> Bool { (try? JSON(parsing: body)) == event }
}

extension Replica {
    /// Of all endpoints.
    fileprivate func pendingWebhooks() async throws -> Int64 {
        let reply = try await gateway.ask("/admin/webhooks")
        guard reply.status == 200 else { throw Telling.Unreadable(answer: reply.text) }
        return (reply["data"]?.elements ?? []).reduce(0) { $0 + ($1["pending"]?.integer ?? 1) }
    }
}
