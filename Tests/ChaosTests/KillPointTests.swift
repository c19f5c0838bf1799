import AdapterKit
import MockGateways
import ProcessKit
import Testing

@Suite("A process that is killed", .serialized, .timeLimit(.minutes(3)))
struct KillPointTests {
    /// Fleets at a time: they wait more than they work.
    private static let width = 7

    @Test("takes nothing with it, wherever it was: its caller's repeats are one payment, or one refund")
    func killed() async throws {
        let moments = Deed.allCases.flatMap { deed in KillPoint.allCases.map { (deed, $0) } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, (deed, point)) in moments.enumerated() {
                if number >= Self.width { try await group.next() }
                group.addTask { try await Self.kill(at: point, during: deed) }
            }
            try await group.waitForAll()
        }
    }

    private static func kill(at point: KillPoint, during deed: Deed) async throws {
        let comment: Comment = "\(deed), \(point)"
        try await Fleet.with { fleet in
            let customer = Customer(at: [fleet.second, fleet.first])
            // Also opens the connection on which a request is cut.
            let order = Caller.order()
            let earlier = try await Customer(at: [fleet.first]).pay(order, key: "earlier")
            let isReached = try point.prepare(deed, in: fleet)
            let caller = try fleet.first.caller
            let lost = Task { try await deed.done(by: caller, on: earlier.id) }
            #expect(await isReached(), comment)
            await fleet.first.kill()
            await #expect(throws: Wire.NoAnswer.self, comment) { try await lost.value }
            fleet.first.redis.thaw()
            fleet.banks[0].proxy.thaw()
            try await fleet.first.start()
            let reply = try await deed.done(by: customer, on: earlier.id)
            #expect(reply.status == 201, "\(comment): \(reply.text)")
            #expect(reply.state == "succeeded", comment)
            let again = try await deed.done(by: customer, on: earlier.id)
            #expect(again.body == reply.body, comment)
            #expect(again.isReplayed, comment)
            try await expectPromises(of: fleet, deed, earlier, reply, comment)
        }
    }

    private static func expectPromises(
        of fleet: Fleet, _ deed: Deed, _ earlier: Reply, _ reply: Reply, _ comment: Comment
    ) async throws {
        let customer = Customer(at: [fleet.second])
        func told(_ first: Reply, key: String) async throws -> Told {
            let last = try await customer.payment(first.id)
            let again = try await customer.pay(Caller.order(), key: key)
            return Told(id: first.id, key: key, answers: [.init(what: "payment", first: first, again: again)], last: last)
        }
        var all = [try await told(earlier, key: "earlier")]
        if deed == .payment { all.append(try await told(reply, key: "deed")) }
        let violations = Promises(fleet).violations(all)
        #expect(violations.isEmpty, "\(comment): \(violations.joined(separator: "\n"))")
        let charge = fleet.banks[0].mock.ledger[earlier.id]
        #expect(charge?.refunds.map(\.amount) == (deed == .refund ? [400] : []), comment)
    }
}

extension Deed {
    fileprivate func done(by caller: Caller, on payment: String) async throws -> Reply {
        switch self {
        case .payment: try await caller.pay(key: "deed")
        case .refund: try await caller.refund(payment, 400, key: "deed")
        }
    }

    fileprivate func done(by customer: Customer, on payment: String) async throws -> Reply {
        switch self {
        case .payment: try await customer.pay(Caller.order(), key: "deed")
        case .refund: try await customer.refund(payment, 400, key: "deed")
        }
    }
}
