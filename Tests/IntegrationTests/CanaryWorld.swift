import AdapterKit
import Foundation
import MockGateways
import ProcessKit
import Signing
import Synchronization
import TestKit
import Testing

/// Drawbridge with a gateway of each kind, a Redis that keeps its files readable, and an endpoint for webhooks that fails.
struct CanaryWorld: Sendable {
    let bank: MockBank
    let stripe: MockBank
    let pix: MockBank
    let upi: MockBank
    let redis: RedisServer
    let receiver: WebhookReceiver
    private let setup: Setup
    private let folder = try? Folder()
    private let started = Started()

    /// Every process that was started, to be ended with the test.
    private final class Started: Sendable {
        private let gateways = Mutex<[RunningGateway]>([])
        var all: [RunningGateway] { gateways.withLock { $0 } }
        func add(_ gateway: RunningGateway) { gateways.withLock { $0.append(gateway) } }
    }

    // MARK: Secrets

    static let adminToken = "adm1n-token-of-the-canaries"
    private static let stripeKey = "sk_test_canary_of_stripe"
    private static let stripeWebhook = "whsec_canary_of_stripe"
    private static let pixSecret = "p1x-client-secret-of-the-canaries"
    private static let upiSecret = "up1-hmac-secret-of-the-canaries"
    private static let upiCallbackSecret = "up1-callback-secret-of-the-canaries"
    /// 32 bytes each.
    private static let rings = ["ring-1": "canary-ring-key-number-1-of-two!", "ring-2": "canary-ring-key-number-2-of-two!"]

    static var secrets: [Canary] {
        let texts =
            Setup.secrets + rings.values + [adminToken, stripeKey, stripeWebhook, pixSecret, upiSecret, upiCallbackSecret]
        let keyLines = UPIKeys.ownKey.split(separator: "\n").dropFirst().dropLast().map(String.init)
        return (texts + keyLines).map { Canary("secret \($0.prefix(4))…", $0) }
    }

    // MARK: Living

    static func with(_ body: (CanaryWorld) async throws -> Void) async throws {
        let setup = try Setup()
        try await RedisServer.with(options: ["--rdbcompression", "no", "--appendfsync", "always"]) { redis in
            try await WebhookReceiver.with(status: 500) { receiver in
                let banks = try await start(setup)
                let world = CanaryWorld(
                    bank: banks[0], stripe: banks[1], pix: banks[2], upi: banks[3], redis: redis, receiver: receiver, setup: setup
                )
                do {
                    try await body(world)
                    await world.stop()
                } catch {
                    await world.stop()
                    throw error
                }
            }
        }
    }

    private func stop() async {
        for gateway in started.all { await gateway.kill() }
        for bank in [bank, stripe, pix, upi] { await bank.stop() }
    }

    private static func start(_ setup: Setup) async throws -> [MockBank] {
        let client = NonceSigned(
            names: .proposed, sender: UPIWorld.organisation, keys: [SigningKey(id: "upi-1", secret: Secret(text: upiSecret))],
            payload: .init(key: Secret(text: UPIKeys.ownPublicKey), form: .raw))
        let faces: [GatewayFace] = [
            setup.face, .stripe(key: Secret(text: stripeKey)),
            .pix(clientID: "acme-pix", secret: Secret(text: pixSecret), tokenLifetime: .seconds(300)),
            try .npciUPI(
                client: client, organisation: "npci-facade", payload: .init(key: Secret(text: UPIKeys.facadeKey), form: .raw)),
        ]
        var banks: [MockBank] = []
        for (index, face) in faces.enumerated() {
            var configuration = MockBank.Configuration(face: face, now: { Caller.now })
            configuration.tls = setup.bankTLS
            if index == 0 { configuration.expectations = [try echoes()] }
            banks.append(try await MockBank.start(configuration))
        }
        return banks
    }

    /// Answers of the bank's that repeat what they were sent.
    private static func echoes() throws -> ExpectationFolder {
        let words = "\(Canaries.said): card \(Canaries.number) of \(Canaries.holder) (\(Canaries.cvc))"
        let action = #"{\"type\":\"redirect\",\"url\":\"\#(Canaries.address)?pan=\#(Canaries.number)\"}"#
        let charge =
            #"#set($c = $json.parse($!request.body)){\"statusCode\": 200, \"headers\": {\"Content-Type\": [\"application/json\"]},"#
            + #" \"body\": {\"bank_reference\": \"e-$!esc.java($c.reference)\", \"reference\": \"$!esc.java($c.reference)\","#
            + #" \"status\": \"STATUS\", \"amount\": $!c.amount, \"currency\": \"$!esc.java($c.currency)\","#
            + #" \"captured_amount\": 0, \"refunded_amount\": 0, \"code\": \"05\", \"message\": \"MESSAGE\", \"action\": ACTION}}"#
        func expectation(_ trigger: String, _ status: String, _ message: String, _ action: String) -> String {
            let template = charge.replacing("ACTION", with: action).replacing("MESSAGE", with: message)
                .replacing("STATUS", with: status)
            return #"{"id": "\#(trigger)", "httpRequest": {"method": "POST", "path": "/v1/charges", "body": {"type": "JSON","#
                + #" "json": {"description": "\#(trigger)"}, "matchType": "ONLY_MATCHING_FIELDS"}},"#
                + #" "httpResponseTemplate": {"templateType": "VELOCITY", "template": "\#(template)"}}"#
        }
        let rejection =
            #"{"id": "rejects", "httpRequest": {"method": "POST", "path": "/v1/charges", "body": {"type": "JSON", "json":"#
            + #" {"description": "rejects"}, "matchType": "ONLY_MATCHING_FIELDS"}}, "httpResponse": {"statusCode": 422,"#
            + #" "headers": {"Content-Type": ["application/json"]}, "body": {"code": "\#(Canaries.number)", "message": "\#(words)"}}}"#
        let all = [
            expectation("declines", "DECLINED", words, "null"), expectation("redirects", "ACTION_REQUIRED", "", action),
            rejection,
        ]
        let folder = try Folder()
        try folder.write("echoes.json", "[\(all.joined(separator: ",\n"))]".utf8)
        return try ExpectationFolder(folder.path(""))
    }

    // MARK: The program

    /// As deployed: Swift's own backtraces print what registers point at, 16 bytes each.
    private static let environment = ["SWIFT_BACKTRACE": "enable=no"]

    /// - Parameters:
    ///   - ring: ids of encryption keys, the newest first.
    ///   - givesUpAfter: how long a payment may be queued.
    func start(ring: [String] = ["ring-1"], givesUpAfter: String = "1h") async throws -> RunningGateway {
        let gateway = try await RunningGateway.start(
            try configuration(ring, givesUpAfter), environment: Self.environment)
        started.add(gateway)
        return gateway
    }

    func configuration(_ ring: [String], _ givesUpAfter: String) throws -> String {
        let folder = try #require(folder)
        _ = try setup.write(to: folder, bankPort: bank.port, as: "unused.yaml")
        try folder.write("own.pem", UPIKeys.ownKey.utf8)
        try folder.write("facade.pem", UPIKeys.facadePublicKey.utf8)
        try folder.write("stripe.key", "\(Self.stripeKey)\n".utf8)
        for (id, key) in Self.rings { try folder.write("\(id).key", Data(key.utf8).base64EncodedData()) }
        try folder.write("canaries.yaml", try yaml(ring, givesUpAfter).utf8)
        return folder.path("canaries.yaml")
    }

    private func yaml(_ ring: [String], _ givesUpAfter: String) throws -> String {
        let usual = """
                tls: { ca: ca.pem, certificate: client.pem, key: client.key }
                timeout: { connect: 2s, attempt: 2s }
                allow_private_addresses: true
                retry: { max_retries: 0 }
                breaker: { consecutive_failures: 1000 }
                inquiry: { first_after: 500ms, max: 1s }
            """
        let keys = ring.map { "{ id: \($0), key: \"file:\($0).key\" }" }.joined(separator: ", ")
        let upiSettings = UPIWorld.settings.joined(separator: ", ").replacing("upi-hmac-secret", with: Self.upiSecret)
        let upiCallback = UPIWorld.callback.dropLast().joined(separator: ", ")
            .replacing("facade-hmac-secret", with: Self.upiCallbackSecret)
        return """
            deployment: canaries
            listen:
              api: { address: 127.0.0.1:0 }
              callbacks: { address: 127.0.0.1:0 }
              admin: { address: 127.0.0.1:0, token: "text:\(Self.adminToken)" }
            state:
              backend: redis
              redis: { url: "redis://127.0.0.1:\(redis.port)/0" }
            encryption:
              keys: [\(keys)]
            tenants:
              acme:
                keys: [{ id: acme-1, secret: "env:DRAWBRIDGE_TEST_ACME_SECRET" }]
                webhooks: [\(Setup.webhook(port: receiver.port))]
              other:
                keys: [{ id: other-1, secret: "file:other.secret" }]
            gateways:
              bank-a:
                adapter: bank-hmac
                base_url: https://127.0.0.1:\(bank.port)
                settings: { \(setup.settings.joined(separator: ", ")), verify_responses: false }
                callback: { \(setup.callback.joined(separator: ", ")) }
            \(usual)
              stripe-a:
                adapter: stripe
                base_url: https://127.0.0.1:\(stripe.port)
                settings: { secret_key: "file:stripe.key", account: acct_1, return_url: "https://shop.example/back" }
                callback: { secrets: ["text:\(Self.stripeWebhook)"] }
            \(usual)
              pix-a:
                adapter: pix
                base_url: https://127.0.0.1:\(pix.port)/api/v2
                settings:
                  token_url: https://127.0.0.1:\(pix.port)/oauth/token
                  client_id: acme-pix
                  client_secret: "text:\(Self.pixSecret)"
                  key: \(PixWorld.key)
                callback: { hint: true }
            \(usual)
              upi-a:
                adapter: npci-upi
                base_url: https://127.0.0.1:\(upi.port)
                settings: { \(upiSettings) }
                callback: { \(upiCallback) }
            \(usual)
            routes:
              - { match: { method: [pix] }, gateways: [pix-a] }
              - { match: { method: [upi] }, gateways: [upi-a] }
              - { match: { currency: [USD] }, gateways: [stripe-a] }
              - gateways: [bank-a]
            queue: { retry: { first: 500ms, factor: 1, max: 500ms }, give_up_after: \(givesUpAfter) }
            payments: { deadline: 6s }
            log: { level: trace }

            """
    }

    // MARK: Operators and gateways

    func admin(_ gateway: RunningGateway, _ path: String, _ body: JSON? = nil) async throws -> Reply {
        var request = APIRequest(body == nil ? "GET" : "POST", path, body: body?.encoded() ?? [])
        request.add("Authorization", "Bearer \(Self.adminToken)")
        if body != nil { request.add("Content-Type", "application/json") }
        return try await Wire.exchange(request.bytes, port: gateway.admin)
    }

    /// A callback of the bank's, signed.
    func post(_ event: String, _ body: [UInt8], to gateway: RunningGateway, key: SigningKey = Setup.callbackKey) async throws
        -> CallbackResult
    {
        let url = try #require(CallbackURL("http://127.0.0.1:\(gateway.callbacks)\(World.callbackTarget)"))
        let request = CallbackRequest(
            eventID: event, nonce: Caller.freshKey(), timestamp: Caller.now, key: key, target: url.target, body: body)
        return await (try CallbackClient(url: url, tls: .init())).post(request)
    }

    // MARK: What is kept

    /// Every value of every key, as Redis would tell it.
    func values() async throws -> String {
        let script = """
            local all = {}
            for _, key in ipairs(redis.call('KEYS', '*')) do
              local kind, value = redis.call('TYPE', key).ok, nil
              if kind == 'hash' then value = redis.call('HGETALL', key)
              elseif kind == 'string' then value = redis.call('GET', key)
              elseif kind == 'list' then value = redis.call('LRANGE', key, 0, -1)
              elseif kind == 'set' then value = redis.call('SMEMBERS', key)
              elseif kind == 'zset' then value = redis.call('ZRANGE', key, 0, -1)
              elseif kind == 'stream' then value = redis.call('XRANGE', key, '-', '+')
              else value = 'unknown type ' .. kind end
              all[#all + 1] = {key, value}
            end
            return all
            """
        return try await redis.command("EVAL", script, "0")
    }

    /// The snapshot and the append-only file, whole.
    func files() async throws -> [(name: String, bytes: [UInt8])] {
        #expect(try await redis.command("SAVE") == "OK")
        let answer = try await redis.command("CONFIG", "GET", "dir")
        return try files(below: URL(filePath: String(try #require(answer.split(separator: "\n").last))))
    }

    /// What `drawbridge audit export` writes, and what it prints.
    func auditExport(of gateway: RunningGateway) async throws -> [(name: String, bytes: [UInt8])] {
        let path = try #require(folder).path("audit-export")
        let run = try await RunningProgram.run(
            "audit", "export", "--to", path, "--admin", "http://127.0.0.1:\(gateway.admin)",
            environment: ["DRAWBRIDGE_ADMIN_TOKEN": Self.adminToken])
        #expect(run.code == 0, "\(run.output) \(run.errors)")
        let files = try files(below: URL(filePath: path)).map { (name: "audit export \($0.name)", bytes: $0.bytes) }
        return files + [("audit export's output", Array("\(run.output)\n\(run.errors)".utf8))]
    }

    private func files(below directory: URL) throws -> [(name: String, bytes: [UInt8])] {
        let found = FileManager.default.enumerator(at: directory, includingPropertiesForKeys: [.isRegularFileKey])
        var files: [(name: String, bytes: [UInt8])] = []
        while let file = found?.nextObject() as? URL {
            guard (try file.resourceValues(forKeys: [.isRegularFileKey])).isRegularFile == true else { continue }
            files.append((file.lastPathComponent, Array(try Data(contentsOf: file))))
        }
        return files
    }
}
