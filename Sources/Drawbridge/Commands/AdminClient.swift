import AdapterKit
import ArgumentParser
import CurlTransport
import Foundation
import Payments
import Signing

/// How the command line reaches the admin listener of a running Drawbridge.
struct AdminOptions: ParsableArguments {
    static let addressVariable = "DRAWBRIDGE_ADMIN"
    static let tokenVariable = "DRAWBRIDGE_ADMIN_TOKEN"

    @Option(help: "The admin listener's address. Without it, DRAWBRIDGE_ADMIN names it, or it is http://127.0.0.1:9090.")
    var admin: String?
    @Option(
        help:
            "The admin token as env:NAME, file:PATH or, for trying things, text:VALUE. Without it, DRAWBRIDGE_ADMIN_TOKEN holds it."
    )
    var token: String?
    @Option(help: "Who you are, for the audit trail. Without it, the name you are logged in with.")
    var actor: String?
    @Flag(help: "Print the answer's JSON and nothing else.") var json = false

    var address: String { admin ?? ProcessInfo.processInfo.environment[Self.addressVariable] ?? "http://127.0.0.1:9090" }

    func validate() throws {
        guard WebAddress(address) != nil else {
            throw ValidationError("--admin must be http://host:port or https://host:port.")
        }
    }
}

/// Asks the admin listener, and reads what it says.
struct AdminClient {
    private static let patience = Duration.seconds(30)

    let options: AdminOptions
    private let endpoint: Endpoint
    private let headers: Headers
    private let transport: CurlTransport

    init(_ options: AdminOptions) throws {
        self.options = options
        guard let address = WebAddress(options.address) else { throw ValidationError("--admin is not a URL.") }
        endpoint = Endpoint(
            scheme: address.scheme == .https ? .https : .http, host: address.address.host.text, port: address.address.port,
            basePath: address.path, authorities: .system, minimumTLS: .v12, addresses: .any,
            connectTimeout: .seconds(5), attemptTimeout: Self.patience)
        var headers = Headers()
        let environment = ProcessInfo.processInfo.environment
        let reference = options.token ?? environment[AdminOptions.tokenVariable].map { _ in "env:\(AdminOptions.tokenVariable)" }
        if let reference { headers.add("Authorization", "Bearer \(try Self.secret(reference, environment))") }
        if let actor = options.actor ?? environment["USER"].flatMap({ Self.isActor($0) ? $0 : nil }) {
            guard Self.isActor(actor) else { throw ValidationError("--actor must have 1 to 64 letters, digits and . _ @ -") }
            headers.add("X-Actor", actor)
        }
        self.headers = headers
        transport = try CurlTransport()
    }

    private static func secret(_ reference: String, _ environment: [String: String]) throws -> String {
        let secrets = SecretResolver(
            folder: FileManager.default.currentDirectoryPath, environment: environment, allowsText: true)
        do { return String(decoding: try secrets.secret(reference).bytes, as: UTF8.self) } catch {
            throw ValidationError("--token: expected \(error.expected).")
        }
    }

    private static func isActor(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { ValueSyntax<String>.isAlphanumeric($0) || "._@-".utf8.contains($0) }
    }

    // MARK: Asking

    func get(_ target: String) async throws -> JSON { try await send(.get, target, nil) }

    func post(_ target: String, _ body: JSON) async throws -> JSON { try await send(.post, target, body) }

    func close() async { await transport.shutdown() }

    private func send(_ method: GatewayRequest.Method, _ target: String, _ body: JSON?) async throws -> JSON {
        var headers = headers
        if body != nil { headers.add("Content-Type", "application/json") }
        let request = EgressRequest(method: method, target: target, headers: headers, body: body?.encoded() ?? [])
        let response: GatewayResponse
        do { response = try await transport.send(request, to: endpoint) } catch {
            throw AdminFailure(
                status: nil, body: nil, text: "\(options.address) did not answer (\(error.code.rawValue)): \(error.detail)")
        }
        let answer = try? JSON(parsing: response.body)
        guard response.status == 200, let answer else {
            let text = answer?["detail"]?.text ?? answer?["title"]?.text ?? "The answer is not Drawbridge's."
            let rules = (answer?["errors"]?.elements ?? []).compactMap { entry -> String? in
                guard let pointer = entry["pointer"]?.text, let rule = entry["message"]?.text else { return nil }
                return "\n  \(pointer) \(rule)"
            }
            throw AdminFailure(status: response.status, body: answer, text: "HTTP \(response.status): \(text)\(rules.joined())")
        }
        return answer
    }
}

/// Why the admin listener did not do it.
struct AdminFailure: Error {
    /// `nil`: it did not answer.
    let status: Int?
    let body: JSON?
    let text: String

    /// Whether it is about this one item, so that others may go on.
    var isAboutItem: Bool { status == 409 || status == 404 || status == 422 }
}

extension AdminOptions {
    /// Runs a command against the admin listener: prints what it gives back, and ends with 1 where it fails.
    func run(show: (JSON) -> String, _ body: (AdminClient) async throws -> JSON) async throws {
        let client = try AdminClient(self)
        let result: Result<JSON, AdminFailure>
        do { result = .success(try await body(client)) } catch let failure as AdminFailure { result = .failure(failure) }
        await client.close()
        switch result {
        case .success(let answer):
            CommandOutput.line(json ? String(decoding: answer.encoded(), as: UTF8.self) : show(answer))
        case .failure(let failure):
            if json, let body = failure.body { CommandOutput.line(String(decoding: body.encoded(), as: UTF8.self)) }
            throw RuntimeFailure(failure.text)
        }
    }
}
