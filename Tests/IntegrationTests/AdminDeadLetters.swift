import AdapterKit
import ProcessKit
import TestKit

/// A gateway whose only bank is not there and whose queue gives up at once: what it is asked to pay becomes a dead letter.
struct AdminDeadLetters: Sendable {
    struct NoDeadLetter: Error {}

    let gateway: RunningGateway
    /// Of the payment that is dead.
    let id: String

    static func with(_ body: (AdminDeadLetters) async throws -> Void) async throws {
        let folder = try Folder()
        // Nobody listens on port 1: certainly not processed.
        let path = try Setup().write(to: folder, bankPort: 1)
        let yaml = try Setup().yaml(bankPort: 1).replacing(
            "    timeout: {", with: "    retry: { max_retries: 0 }\n    timeout: {")
        let queue = "queue: { retry: { first: 10ms, factor: 1, max: 10ms }, give_up_after: 10ms }\n"
        try folder.write("drawbridge.yaml", "\(yaml)\(queue)".utf8)
        try await RunningGateway.with(path) { gateway in
            let reply = try await gateway.acme.pay()
            guard reply.status == 202, await gateway.logs("payment decided", "manual_review", reply.id) else {
                throw NoDeadLetter()
            }
            try await body(AdminDeadLetters(gateway: gateway, id: reply.id))
        }
    }

    func post(_ path: String, _ body: String, headers: [(String, String)] = []) async throws -> Reply {
        var request = APIRequest("POST", path, body: Array(body.utf8))
        if !body.isEmpty { request.add("Content-Type", "application/json") }
        for (name, value) in headers { request.add(name, value) }
        return try await Wire.exchange(request.bytes, port: gateway.admin)
    }

    var all: [JSON] {
        get async throws { try await gateway.ask("/admin/dead-letters")["data"]?.elements ?? [] }
    }

    /// Runs a command against the admin listener.
    func command(_ arguments: String...) async throws -> RunningProgram.Run {
        let program = try RunningProgram(
            arguments + ["--actor", "ann"], environment: ["DRAWBRIDGE_ADMIN": "http://127.0.0.1:\(gateway.admin)"])
        let code = await program.ended()
        return .init(code: code, output: program.output.text, errors: program.errors.text)
    }
}
