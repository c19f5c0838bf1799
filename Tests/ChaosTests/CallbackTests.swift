import AdapterKit
import MockGateways
import ProcessKit
import Testing

@Suite("Callbacks, while replicas are killed", .serialized, .timeLimit(.minutes(5)))
struct CallbackTests {
    private static let payments = 400
    /// Payments of which the bank has nothing to tell.
    private static let silent = 10
    /// Of every event.
    private static let copies = 5

    /// Only callbacks decide: nobody asks.
    private static let setup: @Sendable (inout Setup) -> Void = {
        $0.gatewayLines[2] = "inquiry: { first_after: 5m, factor: 1, max: 5m }"
    }

    @Test("what was acknowledged is stored, each event is applied once, and nothing forged or late is let in")
    func killed() async throws {
        let chaos = Chaos.wanted
        let start = ContinuousClock.now
        try await Fleet.with(.always, Self.setup) { fleet in
            let bank = fleet.banks[0].mock
            let pending = try await Self.pending(Self.payments + Self.silent, in: fleet)
            let told = pending.prefix(Self.payments)
            let events = try told.flatMap { try Self.tell($0, at: bank) }
            let paid = ContinuousClock.now

            let dice = Dice(seed: chaos.seed)
            let postman = Postman(Postman.Delivery.copies(Self.copies, of: events, dice), dice: dice)
            let third = events.count * Self.copies / 3
            try await postman.post(to: fleet.replicas, until: third) { await fleet.first.kill() }
            try await Self.expectStored(postman.record.acknowledged, at: fleet.second, chaos)
            // Each starts again while the other has all the work.
            async let first: Void = fleet.first.start()
            try await postman.post(to: fleet.replicas, until: 2 * third) { await fleet.second.kill() }
            try await first
            try await Self.expectStored(postman.record.acknowledged, at: fleet.first, chaos)
            async let second: Void = fleet.second.start()
            try await postman.post(to: fleet.replicas)
            try await second
            let posted = ContinuousClock.now

            Self.expectAnswers(postman.record, chaos)
            #expect(postman.record.acknowledged.count == events.count, "\(chaos)")
            try await Self.expectStored(postman.record.acknowledged, at: fleet.first, isAll: true, chaos)
            try await Self.expectPaid(told, at: fleet.second, bank, chaos)
            try await Self.expectTold(pending, told, in: fleet, chaos)
            #expect(bank.counters[.charge] == pending.count && bank.counters[.inquiry] == 0, "\(chaos)")
            print(
                "callbacks: \(chaos): \(postman.record.summary); paid in \(paid - start), posted in \(posted - paid),"
                    + " judged \(ContinuousClock.now - posted)")
        }
    }

    // MARK: What the bank knows

    private static func pending(_ count: Int, in fleet: Fleet) async throws -> [Charge] {
        let bank = fleet.banks[0].mock
        try bank.script(.pending, for: .charge, times: count)
        let replies = try await gather((0..<count).map(String.init)) { number in
            let index = Int(number) ?? 0
            let order = Caller.order(("amount", .integer(Int64(1_000 + index))))
            return try await Customer(at: [fleet.replicas[index % 2]]).pay(order, key: "order-\(index)")
        }
        return try replies.values.sorted { $0.id < $1.id }.map { reply in
            #expect(reply.status == 202 && reply.reason == "awaiting_gateway", "\(reply.text)")
            return try #require(bank.ledger[reply.id])
        }
    }

    /// The bank has decided; that is how it is in its books when it tells of it.
    private static func tell(_ charge: Charge, at bank: MockBank) throws -> [BankTelling.Event] {
        try bank.settle(charge.reference, as: .approved)
        let approved = try #require(bank.ledger[charge.reference])
        return BankTelling(pending: charge, approved: approved, at: Caller.now).events
    }

    // MARK: What is expected

    /// Every word that was acknowledged has left its trace: it changed the payment, or was noted as old. None has left two.
    private static func expectStored(
        _ acknowledged: [String: BankTelling.Event], at replica: Replica, isAll: Bool = false, _ chaos: Chaos
    ) async throws {
        #expect(acknowledged.count > 0, "\(chaos)")
        let words = Dictionary(grouping: acknowledged.values) { $0.payment }.mapValues { $0.map(\.word) }
        let audits = try await replica.audits(of: Array(words.keys))
        let broken = words.flatMap { payment, words in
            BankTelling.Word.allCases.compactMap { word -> String? in
                let known = (audits[payment] ?? []).count { $0.isTrace(of: word) }
                let least = words.count { $0 == word }
                let most = isAll ? least : BankTelling.words.count { $0 == word }
                return (least...most).contains(known) ? nil : "\(payment): \(least) \(word), \(known) stored"
            }
        }
        #expect(broken.isEmpty, "\(chaos): \(broken.count)\n\(broken.prefix(5).joined(separator: "\n"))")
    }

    private static func expectAnswers(_ record: Postman.Record, _ chaos: Chaos) {
        for (manner, answers) in record.answers {
            let allowed: Set<Int> =
                switch manner {
                case .honest, .overheard: [0, 204, 503]
                case .badlySigned, .stale, .fromFuture: [0, 401]
                case .replay: [0, 409]
                }
            #expect(Set(answers.keys).isSubset(of: allowed), "\(chaos): \(manner): \(answers)")
            #expect(answers.keys.contains { $0 != 0 }, "\(chaos): never \(manner)")
        }
        #expect(record.answers.count == 6, "\(chaos)")
        #expect(record.answers.values.contains { $0[0, default: 0] > 0 }, "\(chaos): no connection was lost")
    }

    private static func expectPaid(
        _ charges: ArraySlice<Charge>, at replica: Replica, _ bank: MockBank, _ chaos: Chaos
    ) async throws {
        let customer = Customer(at: [replica])
        let payments = try await gather(charges.map(\.reference)) { try await customer.payment($0) }
        let ledger = bank.ledger
        for charge in charges {
            let payment = payments[charge.reference]
            #expect(payment?.state == "succeeded", "\(chaos): \(payment?.text ?? "")")
            #expect(payment?["amount_captured"]?.integer == charge.amount, "\(chaos): \(payment?.text ?? "")")
            #expect(ledger[charge.reference]?.captured == charge.amount && ledger[charge.reference]?.moneyMovements == 1)
        }
    }

    private static func expectTold(
        _ pending: [Charge], _ told: ArraySlice<Charge>, in fleet: Fleet, _ chaos: Chaos
    ) async throws {
        var telling = Telling()
        try await telling.read(at: fleet.first, fleet.redis) { events in
            events.count { $0["type"]?.text == "payment.succeeded" } >= told.count
        }
        let violations = telling.violations(try await fleet.second.audits(of: pending.map(\.reference)))
        #expect(violations.isEmpty, "\(chaos): \(violations.count)\n\(violations.prefix(5).joined(separator: "\n"))")
        let succeeded = telling.events.filter { $0["type"]?.text == "payment.succeeded" }.compactMap { $0["data"]?["id"]?.text }
        #expect(succeeded.sorted() == told.map(\.reference), "\(chaos)")
        // Those of which nothing is known yet are told as such.
        let known = Set(telling.events.compactMap { $0["data"]?["id"]?.text })
        #expect(known == Set(pending.map(\.reference)), "\(chaos)")
    }
}

extension JSON {
    /// Whether it is the entry that such an event of the bank's leaves in a payment's history.
    fileprivate func isTrace(of word: BankTelling.Word) -> Bool {
        guard self["cause"]?.text == "callback" else { return false }
        if self["event"]?.text == "callback_stale" { return self["reason"]?.text == word.rawValue }
        let state =
            switch word {
            case .pending: "processing"
            case .requiresAction: "requires_action"
            case .approved: "succeeded"
            }
        return self["to"]?.text == state
    }
}

extension Postman.Record {
    fileprivate var summary: String {
        let posts = answers.values.reduce(0) { $0 + $1.values.reduce(0, +) }
        let parts = answers.map { "\($0.key) \($0.value.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" })" }.sorted()
        return "\(posts) posts, \(acknowledged.count) events; \(parts.joined(separator: ", "))"
    }
}
