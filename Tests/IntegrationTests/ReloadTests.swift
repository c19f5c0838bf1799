import AdapterKit
import Foundation
import Glibc
import MockGateways
import ProcessKit
import Signing
import TestKit
import Testing

@Suite("A reload", .serialized, .timeLimit(.minutes(3)))
struct ReloadTests {
    private static let newKey = SigningKey(id: "acme-2", secret: Secret(text: "another-secret-of-acme"))

    /// Writes the configuration anew, as it was but for these words.
    private func rewrite(_ world: World, _ changes: (from: String, to: String)...) throws {
        var text = try String(contentsOfFile: world.configuration, encoding: .utf8)
        for change in changes {
            #expect(text.contains(change.from))
            text = text.replacing(change.from, with: change.to)
        }
        try text.write(toFile: world.configuration, atomically: true, encoding: .utf8)
    }

    /// Writes a file that the configuration names.
    private func write(_ world: World, _ name: String, _ bytes: [UInt8]) throws {
        let folder = URL(filePath: world.configuration).deletingLastPathComponent()
        try Data(bytes).write(to: folder.appending(path: name), options: .atomic)
    }

    private func reload(_ world: World) async {
        world.gateway.program.signal(SIGHUP)
        #expect(await world.gateway.logs("configuration reloaded", "signal"))
    }

    private func refused(_ world: World, _ words: String) async {
        world.gateway.program.signal(SIGHUP)
        #expect(await world.gateway.logs("configuration not reloaded", words))
    }

    private func caller(_ world: World, _ key: SigningKey) -> Caller {
        Caller(port: world.gateway.api, tenant: "acme", key: key)
    }

    @Test("lets a tenant's keys overlap, and refuses the old one once it is gone")
    func tenantKeys() async throws {
        try await World.with(.memory) { world in
            let old = "{ id: acme-1, secret: \"env:DRAWBRIDGE_TEST_ACME_SECRET\" }"
            let new = "{ id: acme-2, secret: \"text:another-secret-of-acme\" }"
            #expect(try await caller(world, Self.newKey).pay().code == "signature_invalid")
            try rewrite(world, (old, "\(old), \(new)"))
            await reload(world)
            #expect(try await caller(world, Self.newKey).pay().status == 201)
            #expect(try await world.acme.pay().status == 201)
            try rewrite(world, ("\(old), \(new)", new))
            world.gateway.program.signal(SIGHUP)
            #expect(await world.gateway.logs("configuration reloaded", "\"generation\":\"3\""))
            #expect(try await caller(world, Self.newKey).pay().status == 201)
            let refusal = try await world.acme.pay()
            #expect(refusal.status == 401)
            #expect(refusal.code == "signature_invalid")
        }
    }

    @Test("lets what is in flight end under the old configuration, and keeps its answer")
    func inFlight() async throws {
        let setup = try Setup { $0.attempt = "8s" }
        try await World.with(.memory, setup) { world in
            try world.bank.script(.slowBefore(milliseconds: 1_500), for: .charge)
            let key = Caller.freshKey()
            async let slow = world.acme.pay(key: key)
            while world.bank.counters.requests.isEmpty { await Task.yield() }
            // The bank's key changes under the running attempt: its answer is verified with the old one.
            try rewrite(world, ("text:b4nk-secret-in-a-text", "text:b4nk-secret-number-two"))
            await reload(world)
            #expect(try await slow.status == 201)
            let again = try await world.acme.pay(key: key)
            #expect(again.isReplayed)
            #expect(again.state == "succeeded")
            // And the next one is signed with the new key, which this bank does not know.
            #expect(try await world.acme.pay(prefer: "wait=1").state != "succeeded")
        }
    }

    /// What is wrong with the new file, and what the log says about it.
    static let mistakes: [(name: String, from: String, to: String, words: String)] = [
        ("a key that nobody knows", "payments:", "paymentz:", "paymentz"),
        ("no YAML at all", "tenants:", "tenants: [", "expected"),
        ("a secret that is not there", "file:other.secret", "file:missing.secret", "missing.secret"),
        (
            "another address to listen on", "admin: { address: 127.0.0.1:0", "admin: { address: 127.0.0.1:1",
            "listen.admin.address"
        ),
        ("another deployment", "deployment: integration", "deployment: elsewhere", "deployment"),
        (
            "a certificate that is not there", "certificate: client.pem", "certificate: nothing.pem",
            "gateways.bank-a.tls.certificate"
        ),
        ("a key of another certificate", "key: client.key", "key: stranger.key", "is not the key of the certificate"),
        ("another encryption key under an old id", "id: ring-1, key: \"text:cjFu", "id: ring-1, key: \"text:cjFv", "ring-1"),
        ("an expired certificate", "certificate: client.pem", "certificate: expired.pem", "expired at"),
    ]

    @Test("refuses a file that is wrong, says why, and goes on with the old one", arguments: mistakes)
    func mistake(name: String, from: String, to: String, words: String) async throws {
        let setup = try Setup()
        try await World.with(.memory, setup) { world in
            try write(world, "stranger.key", try setup.authority.client(named: "x", valid: Setup.valid).key)
            try write(world, "expired.pem", try setup.authority.client(named: "x", valid: Setup.past).certificate)
            try rewrite(world, (from, to))
            world.gateway.program.signal(SIGHUP)
            #expect(await world.gateway.logs("configuration not reloaded"))
            let line = world.gateway.program.output.text.split(separator: "\n").first { $0.contains("not reloaded") }
            // A missing secret is told by its key: its path is not shown.
            let expected = name == "a secret that is not there" ? "tenants.other.keys[0].secret" : words
            #expect(line?.contains(expected) == true, "\(line ?? "")")
            #expect(try await world.acme.pay().status == 201)
            let metrics = try await world.gateway.ask("/metrics").text
            #expect(metrics.contains("drawbridge_reloads_total{trigger=\"signal\",result=\"refused\"} 1"))
        }
    }

    @Test("is not refused for a certificate that was of no use before")
    func expiredBefore() async throws {
        let setup = try Setup { $0.client = try $0.authority.client(named: "x", valid: Setup.past) }
        try await World.with(.memory, setup) { world in
            let old = "{ id: acme-1, secret: \"env:DRAWBRIDGE_TEST_ACME_SECRET\" }"
            try rewrite(world, (old, "{ id: acme-2, secret: \"text:another-secret-of-acme\" }"))
            await reload(world)
            #expect(try await world.acme.pay().code == "signature_invalid")
        }
    }

    @Test("refuses to remove a gateway, or to give it another account, while payments are open there")
    func abandonedGateway() async throws {
        let setup = try Setup {
            $0.moreBanks = [1]
            $0.attempt = "300ms"
        }
        try await World.with(.redis, setup) { world in
            try world.bank.script(.hang, for: .charge)
            #expect(try await world.acme.pay(prefer: "wait=1").status == 202)
            let account = "settings: { tenant: \(Setup.bankTenant)"
            try rewrite(world, (account, "settings: { tenant: another-account"))
            await refused(world, "payments are open there")
            try rewrite(world, ("settings: { tenant: another-account", account))
            // Removed: bank-b takes its place in the route.
            let text = try String(contentsOfFile: world.configuration, encoding: .utf8)
            let section =
                try #require(text.firstRange(of: "  bank-a:\n"))
                .lowerBound..<(try #require(text.firstRange(of: "  bank-b:\n"))).lowerBound
            let without = text.replacingCharacters(in: section, with: "").replacing(
                "gateways: [bank-a, bank-b]", with: "gateways: [bank-b]")
            try without.write(toFile: world.configuration, atomically: true, encoding: .utf8)
            await refused(world, "bank-a: payments are open there")
        }
    }

    @Test("takes a gateway in that was not there, and sends payments to it")
    func newGateway() async throws {
        try await World.with(.memory) { world in
            let text = try String(contentsOfFile: world.configuration, encoding: .utf8)
            let start = try #require(text.firstRange(of: "  bank-a:\n")).lowerBound
            let end = try #require(text.firstRange(of: "routes:\n")).lowerBound
            let copy = text[start..<end].replacing("  bank-a:\n", with: "  bank-n:\n")
            try text.replacing("routes:\n", with: "\(copy)routes:\n").replacing("gateways: [bank-a]", with: "gateways: [bank-n]")
                .write(toFile: world.configuration, atomically: true, encoding: .utf8)
            await reload(world)
            let paid = try await world.acme.pay()
            #expect(paid.status == 201)
            #expect(paid["gateway"]?.text == "bank-n")
            #expect(try await world.gateway.ask("/admin/gateways").text.contains("bank-n"))
        }
    }

    @Test("happens by itself when a certificate's files change, and only once certificate and key fit together")
    func changedFiles() async throws {
        let setup = try Setup { $0.client = try $0.authority.client(named: "first", valid: Setup.valid) }
        try await World.with(.memory, setup) { world in
            #expect(try await world.acme.pay().status == 201)
            let handshakes = world.bank.counters.handshakes
            let second = try setup.authority.client(named: "second", valid: Setup.valid)
            try write(world, "client.pem", second.certificate)
            #expect(await world.gateway.logs("configuration not reloaded", "is not the key of the certificate"))
            #expect(try await world.acme.pay().status == 201)
            #expect(world.bank.counters.handshakes == handshakes)
            try write(world, "client.key", second.key)
            #expect(await world.gateway.logs("configuration reloaded", "file"))
            #expect(try await world.acme.pay().status == 201)
            // Under another identity nothing goes over the old connection.
            #expect(world.bank.counters.handshakes == handshakes + 1)
        }
    }

    @Test("follows a secret's file")
    func changedSecret() async throws {
        try await World.with(.memory) { world in
            #expect(try await world.other.pay().status == 201)
            try write(world, "other.secret", Array("other-secret-number-two\n".utf8))
            #expect(await world.gateway.logs("configuration reloaded", "file"))
            #expect(try await world.other.pay().code == "signature_invalid")
            let key = SigningKey(id: "other-1", secret: Secret(text: "other-secret-number-two"))
            #expect(try await Caller(port: world.gateway.api, tenant: "other", key: key).pay().status == 201)
        }
    }

    @Test("says when a certificate ends soon, and how soon")
    func expiry() async throws {
        let soon = Caller.now + .seconds(3 * 86_400)
        let setup = try Setup { $0.client = try $0.authority.client(named: "x", valid: Setup.valid.lowerBound..<soon) }
        try await World.with(.memory, setup) { world in
            #expect(await world.gateway.logs("a certificate expires in less than 7 days", "bank-a", "client"))
            let metrics = try await world.gateway.ask("/metrics").text
            let name = "drawbridge_tls_certificate_expiry_seconds{gateway=\"bank-a\",certificate=\"client\"} "
            let line = try #require(metrics.split(separator: "\n").first { $0.hasPrefix(name) })
            let seconds = try #require(Double(line.dropFirst(name.count)))
            #expect(seconds > 2 * 86_400 && seconds <= 3 * 86_400)
        }
    }

    @Test("under load loses no payment and refuses none, whatever is rotated")
    func underLoad() async throws {
        let setup = try Setup()
        try await World.with(.redis, setup) { world in
            let old = "{ id: acme-1, secret: \"env:DRAWBRIDGE_TEST_ACME_SECRET\" }"
            let new = "{ id: acme-2, secret: \"text:another-secret-of-acme\" }"
            let second = try setup.authority.client(named: "second", valid: Setup.valid)
            let done = Gate()
            let (answers, answer) = AsyncStream<Void>.makeStream()
            var answered = answers.makeAsyncIterator()
            /// So much is paid before the next change.
            func someArePaid() async { for _ in 0..<20 { _ = await answered.next() } }
            async let paid = pay(world, until: done) { answer.yield() }
            await someArePaid()
            try rewrite(world, (old, "\(old), \(new)"))
            await reload(world)
            await someArePaid()
            try write(world, "second.pem", second.certificate)
            try write(world, "second.key", second.key)
            try rewrite(world, ("certificate: client.pem, key: client.key", "certificate: second.pem, key: second.key"))
            world.gateway.program.signal(SIGHUP)
            #expect(await world.gateway.logs("configuration reloaded", "\"generation\":\"3\""))
            await someArePaid()
            let ring = "keys: [{ id: ring-2, key: \"text:cjFuZy1rZXktb2YtdGhlLWludGVncmF0aW9uLXRlc3Q=\" }, { id: ring-1"
            try rewrite(world, ("keys: [{ id: ring-1", ring))
            world.gateway.program.signal(SIGHUP)
            #expect(await world.gateway.logs("configuration reloaded", "\"generation\":\"4\""))
            await someArePaid()
            done.open()
            let replies = try await paid
            #expect(replies.count >= 80)
            #expect(replies.allSatisfy { $0.status == 201 && $0.state == "succeeded" })
            #expect(world.bank.ledger.charges.count == replies.count)
        }
    }

    /// Four payment services, one payment after the other; a last one after the gate has opened.
    private func pay(_ world: World, until done: Gate, _ each: @escaping @Sendable () -> Void) async throws -> [Reply] {
        try await withThrowingTaskGroup { group in
            for _ in 0..<4 {
                group.addTask {
                    var replies: [Reply] = []
                    var isLast = false
                    while !isLast {
                        isLast = done.isOpen
                        replies.append(try await world.acme.pay())
                        each()
                    }
                    return replies
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }
}
