import AdapterKit
import MockGateways
import ProcessKit
import TestKit

/// Two banks, bank-a before bank-b in the route, and a running gateway between them and the tests.
struct TwoBanks: Sendable {
    let first: MockBank
    let second: MockBank
    /// To the first bank. While it is closed, that bank refuses connections.
    let way: TCPProxy
    let gateway: RunningGateway

    var acme: Caller { gateway.acme }

    /// Short times, so that what takes minutes takes moments here.
    private static let gatewayLines = [
        "retry: { base: 10ms, max: 40ms, budget: { min_per_second: 100 } }", "inquiry: { first_after: 300ms, max: 2s }",
    ]

    /// Runs the body with everything running, and ends everything whatever happens.
    static func with(
        _ store: StoreKind = .memory, _ change: (inout Setup) -> Void = { _ in }, _ body: (TwoBanks) async throws -> Void
    ) async throws {
        var setup = try Setup {
            $0.gatewayLines = gatewayLines
            $0.lines = ["queue: { retry: { first: 300ms, max: 1s } }"]
        }
        change(&setup)
        switch store {
        case .memory: try await with(setup, body)
        case .redis:
            try await RedisServer.with { redis in
                setup.store = .redis(port: redis.port)
                try await with(setup, body)
            }
        }
    }

    private static func with(_ setup: Setup, _ body: (TwoBanks) async throws -> Void) async throws {
        var setup = setup
        let folder = try Folder()
        try await World.withBank(setup) { first in
            try await World.withBank(setup) { second in
                try await TCPProxy.with(to: first.port) { way in
                    setup.moreBanks = [second.port]
                    let path = try setup.write(to: folder, bankPort: way.port)
                    try await RunningGateway.with(path) { gateway in
                        try await body(TwoBanks(first: first, second: second, way: way, gateway: gateway))
                    }
                }
            }
        }
    }

    /// That goes to the first bank and nowhere else.
    static let pinned = Caller.order(("gateway", .string("bank-a")))

    /// Each attempt as `gateway operation outcome`.
    static func tries(_ reply: Reply) -> [String] {
        reply.attempts.map { "\($0["gateway"]?.text ?? "") \($0["operation"]?.text ?? "") \($0["outcome"]?.text ?? "")" }
    }

    /// How often money moved, at both.
    var moneyMovements: Int { first.ledger.moneyMovements + second.ledger.moneyMovements }

    /// What callers are told of a gateway's breaker.
    func breaker(_ name: String = "bank-a") async throws -> String? {
        let gateways = try await acme.get("/v1/gateways")["data"]?.elements
        return gateways?.first { $0["name"]?.text == name }?["breaker"]?.text
    }

    /// Runs an operator's command.
    func command(_ arguments: String...) async throws -> RunningProgram.Run {
        let program = try RunningProgram(
            arguments + ["--actor", "ann"], environment: ["DRAWBRIDGE_ADMIN": "http://127.0.0.1:\(gateway.admin)"])
        let code = await program.ended()
        return .init(code: code, output: program.output.text, errors: program.errors.text)
    }

    var metrics: Set<String> {
        get async throws { Set(try await gateway.ask("/metrics").text.split(separator: "\n").map(String.init)) }
    }
}
