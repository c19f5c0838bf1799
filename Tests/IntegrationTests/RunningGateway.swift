import AdapterKit
import Glibc

/// A `drawbridge serve` that listens.
struct RunningGateway: Sendable {
    struct DidNotListen: Error {
        let output: String
        let errors: String
    }

    let program: RunningProgram
    /// Ports on 127.0.0.1.
    let api: Int
    let admin: Int

    /// Starts it and returns when both listeners take connections.
    static func start(_ configuration: String) async throws -> RunningGateway {
        let program = try RunningProgram(["serve", "--config", configuration], environment: Setup.environment)
        guard let api = await port("api", of: program), let admin = await port("admin", of: program) else {
            program.signal(SIGKILL)
            _ = await program.ended()
            throw DidNotListen(output: program.output.text, errors: program.errors.text)
        }
        return RunningGateway(program: program, api: api, admin: admin)
    }

    /// Runs the body while it runs, and ends it whatever happens.
    static func with<Result>(
        _ configuration: String, _ body: (RunningGateway) async throws -> Result
    ) async throws -> Result {
        let gateway = try await start(configuration)
        do {
            let result = try await body(gateway)
            await gateway.kill()
            return result
        } catch {
            await gateway.kill()
            throw error
        }
    }

    private static func port(_ listener: String, of program: RunningProgram) async -> Int? {
        let line = await program.output.first { line in
            let entry = try? JSON(parsing: Array(line.utf8))
            return entry?["message"]?.text == "listening" && entry?["listener"]?.text == listener
        }
        let address = line.flatMap { try? JSON(parsing: Array($0.utf8)) }?["address"]?.text
        return address.flatMap { $0.split(separator: ":").last }.flatMap { Int($0) }
    }

    /// As a crash would.
    func kill() async {
        program.signal(SIGKILL)
        _ = await program.ended()
    }

    func terminate() { program.signal(SIGTERM) }

    /// Waits for an entry of the log that holds these words.
    /// - Returns: whether it came.
    func logs(_ words: String...) async -> Bool {
        await program.output.first { line in words.allSatisfy { line.contains($0) } } != nil
    }

    /// Asks the admin listener.
    func ask(_ path: String, token: String? = nil) async throws -> Reply {
        var request = APIRequest("GET", path)
        if let token { request.add("Authorization", "Bearer \(token)") }
        return try await Wire.exchange(request.bytes, port: admin)
    }

    var acme: Caller { Caller(port: api, tenant: "acme", key: Setup.acmeKey) }
    var other: Caller { Caller(port: api, tenant: "other", key: Setup.otherKey) }
    var open: Caller { Caller(port: api, tenant: "open", key: nil) }
}
