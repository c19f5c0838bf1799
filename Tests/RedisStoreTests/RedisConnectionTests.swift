import AdapterKit
import Payments
import TestKit
import Testing

@testable import RedisStore

@Suite("The way to Redis")
struct RedisConnectionTests {
    @Test("A Redis that was restarted is found again, with its data, and is given the scripts again")
    func restart() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url) { subject in
                #expect(try await subject.store.claim(Sample.claim(1)) == .new)
                await server.stop()
                try await server.start()
                await subject.reconnect()
                #expect(try await subject.store.claim(Sample.claim(2)) == .new)
                #expect(try await subject.store.payment(try Sample.payment(1).id, tenant: "acme") != nil)
            }
        }
    }

    @Test("Scripts that Redis forgot while connected are given again within the same step")
    func forgottenScripts() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url) { subject in
                #expect(try await subject.store.claim(Sample.claim(1)) == .new)
                try await server.command("SCRIPT", "FLUSH")
                #expect(try await subject.store.claim(Sample.claim(2)) == .new)
                try await server.command("SCRIPT", "FLUSH")
                #expect(try await subject.store.payments(tenant: "acme", reference: "order-1", limit: 9).count == 2)
            }
        }
    }

    @Test("A claim whose connection broke before the reply is made again by the same token")
    func claimAgain() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url, timeout: .seconds(20), connections: 1) { subject in
                try await subject.store.ping()
                server.suspend()
                async let claimed = subject.store.claim(Sample.claim())
                await server.stop()
                try await server.start()
                await subject.reconnect(connections: 1)
                #expect(try await claimed == .new)
                #expect(try await subject.store.claim(Sample.claim()) == .new)
            }
        }
    }

    @Test("While Redis answers, what stands behind others waits its turn, longer than the time-out")
    func inTurn() async throws {
        let busy = """
            local start = redis.call('TIME')
            repeat
              local now = redis.call('TIME')
            until (now[1] - start[1]) * 1000000 + now[2] - start[2] > 50000
            return redis.status_reply('DONE')
            """
        // Redis answers what it has read in one go in one go, and it reads 16 KiB.
        let ballast = String(repeating: "x", count: 20_000)
        try await RedisServer.with { server in
            try await Subject.with(url: server.url, timeout: .milliseconds(500), connections: 1) { subject in
                try await subject.store.ping()
                let client = subject.store.client
                try await withThrowingTaskGroup { group in
                    for _ in 0..<24 { group.addTask { try await client.send([RedisCommand("EVAL", busy, "0", ballast)]) } }
                    for try await replies in group { #expect(replies == [.status("DONE")]) }
                }
            }
        }
    }

    @Test("A Redis that does not answer is a time-out, and is used again when it answers")
    func suspended() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url, timeout: .seconds(3), connections: 1) { subject in
                try await subject.store.ping()
                server.suspend()
                let failure = try await subject.failure { _ = try await $0.claim(Sample.claim()) }
                #expect(failure?.code == .timeout)
                server.resume()
                await subject.reconnect(connections: 1)
                #expect(try await subject.store.claim(Sample.claim()) == .new)
            }
        }
    }

    @Test("Replies to what timed out are never taken for the answer to something else")
    func noMixing() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url, timeout: .seconds(3), connections: 1) { subject in
                for number in 1...5 { _ = try await subject.store.claim(Sample.claim(number)) }
                server.suspend()
                let failure = try await subject.failure { _ = try await $0.payment(try Sample.payment(1).id, tenant: "acme") }
                #expect(failure?.code == .timeout)
                server.resume()
                await subject.reconnect(connections: 1)
                for number in 2...5 {
                    let record = try Sample.payment(number)
                    #expect(try await subject.store.payment(record.id, tenant: "acme")?.record == record)
                }
            }
        }
    }

    @Test("Nobody listening is unreachable, after the time-out and not before a try")
    func nobody() async throws {
        try await RedisServer.with { server in
            await server.stop()
            try await Subject.with(url: server.url, timeout: .milliseconds(100)) { subject in
                let failure = try await subject.failure { try await $0.ping() }
                #expect(failure?.code == .unreachable)
            }
        }
    }

    @Test("A step that waits for the first connection is done when it comes")
    func waitsForFirst() async throws {
        try await RedisServer.with { server in
            await server.stop()
            try await Subject.with(url: server.url, timeout: .seconds(20), connections: 1) { subject in
                async let claimed = subject.store.claim(Sample.claim())
                await subject.time.sleepers(atLeast: 1)
                try await server.start()
                await subject.reconnect(connections: 1)
                #expect(try await claimed == .new)
            }
        }
    }

    @Test("After shutdown every step fails at once")
    func shutDown() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url, timeout: .seconds(60)) { subject in
                try await subject.store.ping()
                await subject.store.shutdown()
                let failure = try await subject.failure { try await $0.ping() }
                #expect(failure?.code == .unreachable)
            }
        }
    }

    @Test("A thousand claims at once over one connection each get their own answer")
    func inOrder() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url, timeout: .seconds(20), connections: 1) { subject in
                let store = subject.store
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<1_000 {
                        group.addTask {
                            let record = try Sample.payment(number)
                            #expect(try await store.claim(Sample.claim(number)) == .new)
                            #expect(try await store.payment(record.id, tenant: "acme")?.record == record)
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test("A reply of endless length is cut off, and the store goes on")
    func hugeReply() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url, connections: 1) { subject in
                _ = try await subject.store.claim(Sample.claim(1))
                let record = try Sample.payment(1)
                try await server.command(
                    "EVAL", "redis.call('HSET', KEYS[1], 'seal', string.rep('x', 20000000))", "1", Sample.key("p", record))
                let failure = try await subject.failure { _ = try await $0.payment(record.id, tenant: "acme") }
                #expect(failure == StoreFailure(code: .unreadable, detail: "a reply of Redis is too long"))
                await subject.reconnect(connections: 1)
                #expect(try await subject.store.claim(Sample.claim(2)) == .new)
            }
        }
    }

    // MARK: Who we are

    @Test("The right password is let in")
    func rightPassword() async throws {
        try await RedisServer.with(options: ["--requirepass", "right"]) { server in
            let credentials = RedisConfiguration.Credentials(username: "default", password: Secret(text: "right"))
            try await Subject.with(url: server.url, credentials: credentials) { subject in
                let claim = try Sample.claim()
                #expect(try await subject.store.claim(claim) == .new)
            }
        }
    }

    @Test(
        "A wrong password, a wrong user or none is refused, and the failure names no secret",
        arguments: [
            ("default", "wrong"), ("nobody", "right"), ("default", ""), nil,
        ])
    func wrongPassword(_ pair: (String, String)?) async throws {
        try await RedisServer.with(options: ["--requirepass", "right"]) { server in
            let credentials = pair.map { RedisConfiguration.Credentials(username: $0.0, password: Secret(text: $0.1)) }
            try await Subject.with(url: server.url, credentials: credentials, timeout: .seconds(2)) { subject in
                let failure = try await subject.failure { _ = try await $0.claim(Sample.claim()) }
                #expect(failure?.code == .refused)
                #expect(failure?.detail == (pair == nil ? "Redis: NOAUTH" : "Redis: WRONGPASS"))
            }
        }
    }

    @Test("The database of the URL is the one that is used")
    func database() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url + "/3") { subject in
                let claim = try Sample.claim()
                #expect(try await subject.store.claim(claim) == .new)
                #expect(try await server.command("-n", "3", "DBSIZE") != "0")
                #expect(try await server.command("-n", "0", "DBSIZE") == "0")
            }
        }
    }

    @Test("A database that Redis does not have is refused")
    func noSuchDatabase() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url + "/999", timeout: .seconds(2)) { subject in
                let failure = try await subject.failure { try await $0.ping() }
                #expect(failure?.code == .refused)
            }
        }
    }

    // MARK: TLS

    private static let year = Timestamp(seconds: 1_577_836_800)..<Timestamp(seconds: 4_102_444_800)

    @Test("rediss:// speaks TLS with a server whose certificate the authority signed")
    func tls() async throws {
        let authority = try TestAuthority(valid: Self.year)
        try await RedisServer.with(certificate: try authority.server(valid: Self.year)) { server in
            for host in ["127.0.0.1", "localhost"] {
                let url = "rediss://\(host):\(server.port)"
                try await Subject.with(url: url, certificateAuthority: authority.root.certificate) { subject in
                    let claim = try Sample.claim()
                    #expect(try await subject.store.claim(claim) == .new)
                }
            }
        }
    }

    private static let noTLS = StoreFailure(
        code: .unreachable, detail: "Redis, or TLS on the way to it, refused the connection")

    @Test("A certificate of another authority, for another name, or out of date is not trusted")
    func wrongCertificate() async throws {
        let authority = try TestAuthority(valid: Self.year)
        let other = try TestAuthority(valid: Self.year)
        let past = Timestamp(seconds: 1_577_836_800)..<Timestamp(seconds: 1_577_923_200)
        for certificate in [
            try other.server(valid: Self.year),
            try authority.server(names: ["bank.example"], addresses: ["10.0.0.1"], valid: Self.year),
            try authority.server(valid: past),
        ] {
            try await RedisServer.with(certificate: certificate) { server in
                let url = "rediss://127.0.0.1:\(server.port)"
                try await Subject.with(url: url, timeout: .seconds(3), certificateAuthority: authority.root.certificate) {
                    let failure = try await $0.failure { _ = try await $0.claim(Sample.claim()) }
                    #expect(failure == Self.noTLS)
                    #expect(try await server.command("DBSIZE") == "0")
                }
            }
        }
    }

    @Test("A TLS port does not take plain text")
    func plainText() async throws {
        let authority = try TestAuthority(valid: Self.year)
        try await RedisServer.with(certificate: try authority.server(valid: Self.year)) { server in
            try await Subject.with(url: server.url, timeout: .seconds(3)) { subject in
                let failure = try await subject.failure { try await $0.ping() }
                #expect(failure == Self.noTLS)
            }
        }
    }

    @Test("A plain port waits for the rest of what it takes for text: TLS with it is a time-out")
    func noTLSThere() async throws {
        let authority = try TestAuthority(valid: Self.year)
        try await RedisServer.with { server in
            let url = "rediss://127.0.0.1:\(server.port)"
            try await Subject.with(url: url, timeout: .milliseconds(300), certificateAuthority: authority.root.certificate) {
                subject in
                await subject.time.sleepers(atLeast: 2)
                let failure = try await subject.failure { try await $0.ping() }
                #expect(failure?.code == .timeout)
            }
        }
    }

    @Test("An authority that cannot be read stops the store from being made")
    func unreadableAuthority() async throws {
        for bytes in [[UInt8]("no PEM".utf8), []] {
            await #expect(throws: StoreFailure.self) {
                try await Subject.with(url: "rediss://127.0.0.1", certificateAuthority: bytes) { _ in }
            }
        }
    }
}
