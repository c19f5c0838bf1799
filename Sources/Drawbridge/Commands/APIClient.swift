import AdapterKit
import ArgumentParser
import CurlTransport
import Foundation
import Payments
import Signing

/// How the command line reaches a running Drawbridge, and as whom. The secret comes from where the configuration's do.
struct ClientOptions: ParsableArguments {
    @Option(help: "The API's address.") var url = "http://127.0.0.1:8080"
    @Option(help: "The tenant to act for.") var tenant: String
    @Option(help: "The id of the tenant's key. Leave it out for a tenant with auth: none.") var keyID: String?
    @Option(help: "The key's secret as env:NAME, file:PATH or, for trying things, text:VALUE.") var secret: String?
    @Option(help: "A PEM file of authorities, for an API behind TLS with a certificate of your own.") var ca: String?
    @Flag(help: "Print the API's JSON and nothing else.") var json = false

    func validate() throws {
        guard (keyID == nil) == (secret == nil) else { throw ValidationError("--key-id and --secret go together.") }
        guard WebAddress(url) != nil else { throw ValidationError("--url must be http://host:port or https://host:port.") }
    }
}

/// Signs a request as a payment service would, sends it, and prints the answer.
struct APIClient {
    private static let patience = Duration.seconds(60)

    let options: ClientOptions
    private let endpoint: Endpoint
    private let key: SigningKey?

    init(_ options: ClientOptions) throws {
        self.options = options
        guard let address = WebAddress(options.url) else { throw ValidationError("--url is not a URL.") }
        let folder = FileManager.default.currentDirectoryPath
        let authority = try options.ca.map {
            try LocalFile(path: $0, relativeTo: folder).read(upTo: Configuration.maximumPEMLength)
        }
        endpoint = Endpoint(
            scheme: address.scheme == .https ? .https : .http, host: address.address.host.text, port: address.address.port,
            basePath: address.path, authorities: authority.map { .pem($0) } ?? .system, minimumTLS: .v12,
            addresses: .any, connectTimeout: .seconds(5), attemptTimeout: Self.patience)
        let secrets = SecretResolver(folder: folder, environment: ProcessInfo.processInfo.environment, allowsText: true)
        if let id = options.keyID, let reference = options.secret {
            do { key = SigningKey(id: id, secret: try secrets.secret(reference)) } catch {
                throw ValidationError("--secret: expected \(error.expected).")
            }
        } else {
            key = nil
        }
    }

    func post(_ target: String, _ body: JSON?, idempotencyKey: String) async throws {
        let bytes = body?.encoded() ?? []
        var headers = Headers([("Idempotency-Key", idempotencyKey)])
        if body != nil { headers.add("Content-Type", "application/json") }
        try await send(.post, target, headers, bytes, idempotencyKey: idempotencyKey)
    }

    func get(_ target: String) async throws { try await send(.get, target, Headers(), [], idempotencyKey: "") }

    private func send(
        _ method: GatewayRequest.Method, _ target: String, _ headers: Headers, _ body: [UInt8], idempotencyKey: String
    ) async throws {
        var headers = headers
        headers.add("X-Tenant-Id", options.tenant)
        if let key {
            let timestamp = SystemTime().now().rfc3339WholeSeconds
            let signed = HMACV1.Request(
                method: method.rawValue, target: endpoint.basePath + target, body: body, tenant: options.tenant,
                idempotencyKey: idempotencyKey, timestamp: timestamp)
            headers.add("X-Key-Id", key.id)
            headers.add("X-Timestamp", timestamp)
            headers.add("X-Signature", try HMACV1.signature(of: signed, with: key.secret))
        }
        let transport = try CurlTransport()
        let response: GatewayResponse
        do {
            response = try await transport.send(
                EgressRequest(method: method, target: target, headers: headers, body: body), to: endpoint)
        } catch {
            throw RuntimeFailure(
                "\(options.url) did not answer (\(error.code.rawValue)): \(error.detail)\nRepeat it with the same --idempotency-key."
            )
        }
        await transport.shutdown()
        try show(response)
    }

    private func show(_ response: GatewayResponse) throws {
        if !options.json {
            let replayed = response.headers.single("Idempotent-Replayed") == "true" ? ", replayed" : ""
            CommandOutput.error("HTTP \(response.status)\(replayed)")
        }
        CommandOutput.line(String(decoding: response.body, as: UTF8.self))
        if response.status >= 400 { throw ExitCode(1) }
    }
}
