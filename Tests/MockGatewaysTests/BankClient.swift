import AdapterKit
import Foundation
import Signing

/// Speaks to the bank through /usr/bin/curl: another HTTP and TLS than the bank's own.
struct BankClient {
    static let key = SigningKey(id: "k1", secret: Secret(text: "k3y-for-tests-only"))
    static let tenant = "acme-123"
    static let requestID = "req-1"
    static let now = Timestamp(seconds: 1_767_323_045)

    enum Certificate: String {
        case own = "client"
        case strange = "stranger"
        case none
    }
    enum Version: String {
        case http1 = "--http1.1"
        case http2 = "--http2"
    }

    let scratch: Scratch
    let port: Int
    var certificate = Certificate.own
    var version = Version.http1
    var secret = key.secret
    var keyID = key.id
    var tenant = BankClient.tenant
    var timestamp = now.rfc3339WholeSeconds
    /// The reference in the body, unless it is set.
    var idempotencyKey: String?
    var maximumSeconds = 20
    /// How often the same request is sent over the same connection.
    var times = 1
    var moreHeaders: [String] = []

    struct Received: Sendable {
        /// curl's exit code: 0 for a whole answer.
        let exit: Int32
        /// 0 when none came.
        let status: Int
        /// Names in lower case.
        let headers: [(name: String, value: String)]
        let body: [UInt8]

        func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
        var json: JSON? { try? JSON(parsing: body) }
        var code: String? { json?["code"]?.text }
        /// Whether the bank's signature over what came holds.
        var isSigned: Bool {
            guard let signature = header("x-signature"), let timestamp = header("x-timestamp") else { return false }
            let answer = HMACV1.Answer(status: status, body: body, requestID: BankClient.requestID, timestamp: timestamp)
            return HMACV1.verify(signature, of: answer, with: [BankClient.key.secret])
        }
    }

    func charge(
        _ reference: String = "pay_1", amount: Int64 = 1000, currency: String = "BRL", captures: Bool = true,
        method: String = "card", description: String = ""
    ) async throws -> Received {
        try await post(
            "/v1/charges",
            .members([
                ("reference", .string(reference)), ("amount", .integer(amount)), ("currency", .string(currency)),
                ("capture", .bool(captures)), ("method", .members([("type", .string(method))])),
                ("description", .string(description)),
            ]))
    }

    func change(_ kind: String, of charge: String = "pay_1", _ reference: String, amount: Int64? = nil) async throws -> Received {
        try await post(
            "/v1/charges/\(charge)/\(kind)",
            .present([("reference", .string(reference)), ("amount", amount.map { .integer($0) }), ("reason", .string("asked"))]))
    }

    func get(_ target: String) async throws -> Received { try await send("GET", target, body: nil, key: "") }

    func post(_ target: String, _ body: JSON) async throws -> Received {
        try await send("POST", target, body: body.encoded(), key: body["reference"]?.text ?? "any")
    }

    func send(_ method: String, _ target: String, body: [UInt8]?, key: String) async throws -> Received {
        let key = idempotencyKey ?? key
        let request = HMACV1.Request(
            method: method, target: target, body: body ?? [], tenant: tenant, idempotencyKey: key, timestamp: timestamp)
        var headers = [
            "X-Tenant-Id: \(tenant)", "X-Key-Id: \(keyID)", "X-Timestamp: \(timestamp)", "X-Request-Id: \(Self.requestID)",
            "X-Signature: \(try HMACV1.signature(of: request, with: secret))",
        ]
        if !key.isEmpty { headers.append("Idempotency-Key: \(key)") }
        return try await run(method, target, body, headers + moreHeaders)
    }

    private func run(_ method: String, _ target: String, _ body: [UInt8]?, _ headers: [String]) async throws -> Received {
        let exchange = UUID().uuidString
        let files = (sent: scratch.path("\(exchange).sent"), head: scratch.path("\(exchange).head"), body: scratch.path(exchange))
        var arguments = [
            // The transport's tests set proxies in this process's environment.
            "--noproxy", "*", "--silent", version.rawValue, "--max-time", String(maximumSeconds), "--cacert",
            scratch.path("ca.pem"),
            "--request", method, "--dump-header", files.head,
        ]
        if certificate != .none {
            arguments += [
                "--cert", scratch.path("\(certificate.rawValue).pem"), "--key", scratch.path("\(certificate.rawValue).key"),
            ]
        }
        for header in headers { arguments += ["--header", header] }
        if let body {
            try Data(body).write(to: URL(filePath: files.sent))
            arguments += ["--data-binary", "@\(files.sent)"]
        }
        for _ in 0..<times { arguments += ["--output", files.body, "https://127.0.0.1:\(port)\(target)"] }
        let exit = try await Program.run("/usr/bin/curl", arguments)
        let head = (try? String(contentsOf: URL(filePath: files.head), encoding: .utf8)) ?? ""
        return Received(exit: exit, head: head, body: (try? Data(contentsOf: URL(filePath: files.body))) ?? Data())
    }
}

extension BankClient.Received {
    init(exit: Int32, head: String, body: Data) {
        let lines = head.split(separator: "\r\n")
        let status = lines.last { $0.hasPrefix("HTTP/") }?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        let headers = lines.compactMap { line -> (name: String, value: String)? in
            let parts = line.split(separator: ":", maxSplits: 1)
            return parts.count == 2 ? (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces)) : nil
        }
        self.init(exit: exit, status: status ?? 0, headers: headers, body: [UInt8](body))
    }
}
