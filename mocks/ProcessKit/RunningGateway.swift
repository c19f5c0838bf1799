package import AdapterKit
import Glibc
package import TestKit

/// A `drawbridge serve` that listens.
package struct RunningGateway: Sendable {
    package struct DidNotListen: Error {
        package let output: String
        package let errors: String
    }

    package let program: RunningProgram
    /// Ports on 127.0.0.1.
    package let api: Int
    package let admin: Int
    package let callbacks: Int

    /// Starts it and returns when all listeners take connections.
    /// - Parameter environment: variables besides those that every test's program has.
    package static func start(_ configuration: String, environment: [String: String] = [:]) async throws -> RunningGateway {
        let program = try RunningProgram(
            ["serve", "--config", configuration], environment: Setup.environment.merging(environment) { _, new in new })
        guard let api = await port("api", of: program), let admin = await port("admin", of: program),
            let callbacks = await port("callbacks", of: program)
        else {
            program.signal(SIGKILL)
            _ = await program.ended()
            throw DidNotListen(output: program.output.text, errors: program.errors.text)
        }
        return RunningGateway(program: program, api: api, admin: admin, callbacks: callbacks)
    }

    /// Runs the body while it runs, and ends it whatever happens.
    package static func with<Result>(
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
    package func kill() async {
        program.signal(SIGKILL)
        _ = await program.ended()
    }

    package func terminate() { program.signal(SIGTERM) }

    /// Waits for an entry of the log that holds these words.
    /// - Returns: whether it came.
    package func logs(_ words: String...) async -> Bool {
        await program.output.first { line in words.allSatisfy { line.contains($0) } } != nil
    }

    /// Waits until a payment has come to an end that stands.
    /// - Returns: whether it did.
    package func decides(_ payment: String) async -> Bool {
        await program.output.first { line in
            guard line.contains(payment), let entry = try? JSON(parsing: Array(line.utf8)) else { return false }
            let status = entry["status"]?.text ?? ""
            return entry["message"]?.text == "payment decided" && ["succeeded", "failed", "canceled"].contains(status)
        } != nil
    }

    /// Asks the admin listener.
    /// - Parameter source: the address of this machine to come from.
    package func ask(_ path: String, token: String? = nil, from source: String = "127.0.0.1") async throws -> Reply {
        var request = APIRequest("GET", path)
        if let token { request.add("Authorization", "Bearer \(token)") }
        return try await Wire.exchange(request.bytes, port: admin, from: source)
    }

    /// Tells the admin listener to do something.
    package func tell(_ path: String, _ body: JSON, token: String? = nil) async throws -> Reply {
        var request = APIRequest("POST", path, body: body.encoded())
        request.add("Content-Type", "application/json")
        if let token { request.add("Authorization", "Bearer \(token)") }
        return try await Wire.exchange(request.bytes, port: admin)
    }

    package var acme: Caller { Caller(port: api, tenant: "acme", key: Setup.acmeKey) }
    package var other: Caller { Caller(port: api, tenant: "other", key: Setup.otherKey) }
    package var open: Caller { Caller(port: api, tenant: "open", key: nil) }
}
