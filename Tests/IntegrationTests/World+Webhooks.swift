import AdapterKit
import ProcessKit
import TestKit
import Testing

extension World {
    /// As `callingBack`, and the tenant acme has an endpoint for webhooks.
    static func telling(
        _ store: StoreKind = .memory, _ setup: Setup? = nil, answering status: Int? = 200,
        _ body: (World, WebhookReceiver) async throws -> Void
    ) async throws {
        try await WebhookReceiver.with(status: status) { receiver in
            var setup = try setup ?? Setup { $0.gatewayLines = [asksLater] }
            setup.webhooks = [Setup.webhook(port: receiver.port)]
            try await callingBack(store, setup) { world in try await body(world, receiver) }
        }
    }

    /// What operators see of the one endpoint.
    var endpoint: JSON {
        get async throws { try await Self.endpoint(at: gateway) }
    }

    static func endpoint(at gateway: RunningGateway) async throws -> JSON {
        let listed = try await gateway.ask("/admin/webhooks")["data"]?.elements
        try #require(listed?.count == 1)
        return try #require(listed?.first)
    }

    /// Waits until operators see this of the endpoint. Each look takes as long as a request does.
    func endpointReaches(_ condition: (JSON) -> Bool) async throws -> JSON {
        while true {
            try Task.checkCancellation()
            let endpoint = try await endpoint
            if condition(endpoint) { return endpoint }
        }
    }

    /// Runs an operator's command.
    func command(_ arguments: [String], environment: [String: String] = [:]) async throws -> RunningProgram.Run {
        let address = ["DRAWBRIDGE_ADMIN": "http://127.0.0.1:\(gateway.admin)"]
        let program = try RunningProgram(arguments + ["--actor", "ann"], environment: address.merging(environment) { $1 })
        let code = await program.ended()
        return .init(code: code, output: program.output.text, errors: program.errors.text)
    }

    func command(_ arguments: String...) async throws -> RunningProgram.Run { try await command(arguments) }

    /// Runs an operator's command for its JSON.
    func json(_ arguments: String...) async throws -> JSON {
        let run = try await command(arguments + ["--json"])
        return try JSON(parsing: Array(run.output.utf8))
    }
}
