import AdapterKit
import ProcessKit

/// One caller after the other buys something, and thinks better of it now and then.
struct Shopping: Sendable {
    let customer: Customer
    let dice: Dice
    /// Told apart from others by this.
    let name: String

    /// Buys until the time is over, and then ends what was begun.
    func run(until end: ContinuousClock.Instant) async throws -> [Purchase] {
        var purchases: [Purchase] = []
        while ContinuousClock.now < end {
            purchases.append(try await buy("\(name)-\(purchases.count)"))
            try await Chaos.pause(dice.duration(20...120))
        }
        return purchases
    }

    private func buy(_ key: String) async throws -> Purchase {
        let order = self.order()
        let paid = try await customer.pay(order, key: key)
        var purchase = Purchase(key: key, order: order, paid: paid)
        switch paid.state {
        case "authorized" where dice.happens(0.8): try await decide(&purchase)
        case "succeeded" where dice.happens(0.3): try await giveBack(&purchase)
        default: break
        }
        return purchase
    }

    private func order() -> JSON {
        let card =
            dice.happens(0.5)
            ? Caller.card(("token", .string("tok_1")))
            : Caller.card(
                ("number", .string("4111111111111111")), ("exp_month", .integer(12)), ("exp_year", .integer(2030)),
                ("cvc", .string("123")))
        return Caller.order(
            ("amount", .integer(Int64(1_000 + dice.number(below: 1_000)))), ("method", card),
            ("capture", .string(dice.happens(0.4) ? "manual" : "automatic")))
    }

    private func decide(_ purchase: inout Purchase) async throws {
        let step: Purchase.Step = dice.happens(0.7) ? .capture : .void
        try await purchase.take(step, customer)
        if step == .capture, purchase.steps.allSatisfy({ $0.answer.state == "succeeded" }), dice.happens(0.3) {
            try await giveBack(&purchase)
        }
    }

    /// A half at a time: a payment that is given back whole looks like one that is held nowhere.
    private func giveBack(_ purchase: inout Purchase) async throws {
        try await purchase.take(.refund(300), customer)
        if dice.happens(0.3) { try await purchase.take(.refund(200), customer) }
    }
}

/// A payment and what its caller did with it, with the first answers to each key.
struct Purchase: Sendable {
    enum Step: Sendable, Equatable {
        case capture, void
        case refund(Int64)
    }

    let key: String
    let order: JSON
    let paid: Reply
    private(set) var steps: [(step: Step, key: String, answer: Reply)] = []

    init(key: String, order: JSON, paid: Reply) {
        self.key = key
        self.order = order
        self.paid = paid
    }

    mutating func take(_ step: Step, _ customer: Customer) async throws {
        let key = "\(key)-\(steps.count)"
        steps.append((step, key, try await customer.take(step, of: paid.id, key: key)))
    }
}

extension Customer {
    func take(_ step: Purchase.Step, of payment: String, key: String) async throws -> Reply {
        switch step {
        case .capture: try await capture(payment, key: key)
        case .void: try await void(payment, key: key)
        case .refund(let amount): try await refund(payment, amount, key: key)
        }
    }

    /// Waits until it is known what became of a purchase, but no longer than so; then repeats every key.
    func review(_ purchase: Purchase, until end: ContinuousClock.Instant) async throws -> Told {
        let last = try await payment(purchase.paid.id) { $0.isAtRest || ContinuousClock.now >= end }
        var answers = [
            Told.Answered(what: "payment", first: purchase.paid, again: try await pay(purchase.order, key: purchase.key))
        ]
        for (step, key, answer) in purchase.steps {
            let again = try await take(step, of: purchase.paid.id, key: key, until: end)
            answers.append(.init(what: "\(step)", first: answer, again: again))
        }
        // What was still open of a refund has changed the payment since.
        return Told(id: purchase.paid.id, key: purchase.key, answers: answers, last: try await payment(last.id))
    }

    private func take(
        _ step: Purchase.Step, of payment: String, key: String, until end: ContinuousClock.Instant
    ) async throws -> Reply {
        while true {
            let reply = try await take(step, of: payment, key: key)
            if reply.status != 202 || ContinuousClock.now >= end { return reply }
            try await Chaos.pause(.milliseconds(100))
        }
    }
}

extension Reply {
    fileprivate var isAtRest: Bool { !["processing", "queued"].contains(state) }
}
