import AdapterKit
import ProcessKit

/// A payment service that does as the contract tells it to: it repeats the same key until it has an answer.
struct Customer: Sendable {
    /// Asked in turn, so that a repeat often meets another replica than the first try.
    let replicas: [Replica]
    /// Between two tries. In milliseconds.
    private static let pause = Duration.milliseconds(40)

    init(at replicas: [Replica]) { self.replicas = replicas }

    func pay(_ order: JSON, key: String) async throws -> Reply {
        try await answer { try await $0.pay(order, key: key) }
    }

    func capture(_ id: String, key: String) async throws -> Reply { try await answer { try await $0.capture(id, key: key) } }

    func void(_ id: String, key: String) async throws -> Reply { try await answer { try await $0.void(id, key: key) } }

    func refund(_ id: String, _ amount: Int64, key: String) async throws -> Reply {
        try await answer { try await $0.refund(id, amount, key: key) }
    }

    func payment(_ id: String) async throws -> Reply { try await answer { try await $0.payment(id) } }

    /// Waits for a payment that looks so.
    func payment(_ id: String, where isRight: (Reply) -> Bool) async throws -> Reply {
        while true {
            let reply = try await payment(id)
            if isRight(reply) { return reply }
            try await Self.rest()
        }
    }

    /// Tries until there is an answer that is not "repeat": until the task is cancelled, if need be.
    private func answer(_ ask: (Caller) async throws -> Reply) async throws -> Reply {
        var turn = 0
        while true {
            let replica = replicas[turn % replicas.count]
            turn += 1
            if let reply = try await reply(of: replica, to: ask), !reply.asksForRepeat { return reply }
            try await Self.rest()
        }
    }

    /// `nil` where there is nobody, or where the connection ended without an answer.
    private func reply(of replica: Replica, to ask: (Caller) async throws -> Reply) async throws -> Reply? {
        try Task.checkCancellation()
        do { return try await ask(try replica.caller) } catch { return nil }
    }

    private static func rest() async throws {
        try await Task.sleep(for: pause)  // waits: a caller's own pause between two tries; nothing is hoped of its length
    }
}

extension Reply {
    /// Not known whether anything was stored, or still running: the same key is to be sent again.
    fileprivate var asksForRepeat: Bool {
        status == 503 && code != "gateways_unavailable" || status == 500 || code == "idempotency_in_progress" || status == 429
    }
}
