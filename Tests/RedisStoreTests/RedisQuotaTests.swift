import AdapterKit
import TestKit
import Testing

@testable import Payments
@testable import RedisStore

@Suite("The quota of a tenant in Redis", .timeLimit(.minutes(2)))
struct RedisQuotaTests {
    private static let bucket = "db:{t:acme}:quota"
    /// Gives no token back while a test runs.
    private static let one = Quota(perSecond: 1, burst: 1)

    private static func claim(_ number: Int = 1, _ quota: Quota) throws -> PaymentClaim {
        var claim = try Sample.claim(number)
        claim.quota = quota
        return claim
    }

    // MARK: What is left behind

    @Test("A refused claim leaves no key, no field and no place in an index, and takes no token")
    func nothingLeft() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url) { subject in
                try await server.useUp(Self.bucket)
                let before = try await server.contents()
                for number in 1...3 {
                    let result = try await subject.store.claim(Self.claim(number, Self.one))
                    guard case .limited = result else {
                        Issue.record("not refused: \(result)")
                        return
                    }
                }
                #expect(try await server.contents() == before)
                #expect(before.count == 1)
            }
        }
    }

    @Test("The bucket is gone as soon as it is full, and a claim without a quota makes none")
    func expires() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url) { subject in
                _ = try await subject.store.claim(Sample.claim(1))
                #expect(try await server.command("EXISTS", Self.bucket) == "0")
                for number in 2...3 { _ = try await subject.store.claim(Self.claim(number, Quota(perSecond: 10, burst: 5))) }
                let left = try #require(Int(try await server.command("PTTL", Self.bucket)))
                #expect((-2...200).contains(left) && left != -1)
                try await server.elapse(.milliseconds(210))
                #expect(try await server.command("EXISTS", Self.bucket) == "0")
            }
        }
    }

    @Test("A claim under a quota lists its payment under its reference, with the same bounds as without one")
    func listed() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url) { subject in
                let quota = Quota(perSecond: 10, burst: 5)
                #expect(try await subject.store.claim(Self.claim(1, quota)) == .new)
                let index = try await server.command("KEYS", "*:r")
                #expect((7_100...7_200).contains(try #require(Int(try await server.command("TTL", index)))))
                let score = try await server.command("ZSCORE", index, try Sample.payment(1).id.text)
                #expect(score == String(Sample.start.milliseconds))
                try await server.command(
                    "EVAL", "for i = 1, 5000 do redis.call('ZADD', KEYS[1], i, 'x' .. i) end", "1", index)
                #expect(try await subject.store.claim(Self.claim(2, quota)) == .new)
                #expect(try await server.command("ZCARD", index) == "1000")
                #expect(try await subject.store.payments(tenant: "acme", reference: "order-1", limit: 9).count == 2)
            }
        }
    }

    @Test(
        "A bucket that cannot be read counts as full, and is written anew", arguments: ["garbage", "", "-1 5", "1 2 3", "nan 1"])
    func garbage(_ text: String) async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url) { subject in
                try await server.command("SET", Self.bucket, text)
                #expect(try await subject.store.claim(Self.claim(1, Quota(perSecond: 1, burst: 9))) == .new)
                #expect(try await server.command("GET", Self.bucket).hasPrefix("1000000 "))
            }
        }
    }

    @Test("Where Redis has no memory left nothing is stored, no token taken either")
    func full() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url) { subject in
                try await subject.store.ping()
                try await server.command("CONFIG", "SET", "maxmemory", "1")
                let failure = try await subject.failure { _ = try await $0.claim(Self.claim(1, Self.one)) }
                #expect(failure?.code == .full)
                #expect(try await server.command("DBSIZE") == "0")
            }
        }
    }

    // MARK: Who shares it

    @Test("Two replicas share one bucket: together they never get more than it holds")
    func replicas() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url) { first in
                try await Subject.with(url: server.url) { second in
                    let quota = Quota(perSecond: 5, burst: 40)
                    let clock = ContinuousClock.now
                    let results = try await withThrowingTaskGroup(of: PaymentClaimResult.self) { group in
                        for number in 0..<300 {
                            let (store, claim) = ((number % 2 == 0 ? first : second).store, try Self.claim(number, quota))
                            group.addTask { try await store.claim(claim) }
                        }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                    let most = 40 + Int(clock.duration(to: .now) / .seconds(1) * 5)
                    let accepted = results.filter { $0 == .new }.count
                    #expect((40...most).contains(accepted))
                    #expect(try await server.command("KEYS", "*:p:*").split(separator: "\n").count == accepted)
                }
            }
        }
    }

    @Test("Of a burst of a million all but three are taken: three are left, not two and not four")
    func huge() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url) { subject in
                let quota = Quota(perSecond: 1, burst: 1_000_000)
                try await server.useUp(Self.bucket, missing: 999_997)
                let clock = ContinuousClock.now
                var accepted = 0
                while accepted < 99, case .new = try await subject.store.claim(Self.claim(accepted, quota)) { accepted += 1 }
                #expect((3...3 + Int(clock.duration(to: .now) / .seconds(1))).contains(accepted))
            }
        }
    }

    /// Both count in whole numbers, so that there is no "about".
    @Test("Redis and memory count alike, token by token", arguments: [1, 2, 3])
    func alike(seed: UInt64) async throws {
        let random = SeededRandom(seed: seed)
        var now: Int64 = 1_767_225_600_000_000
        var bucket = Quota.Bucket()
        var steps: [String] = []
        var expected: [String] = []
        for _ in 0..<2_000 {
            let rate = [1, 3, 7, 500, 999_983, 1_000_000].element(random.unit())
            let quota = Quota(perSecond: rate, burst: [1, 2, 10, 1_000_000].element(random.unit()))
            now += Int64(random.unit() * 2_000_000 / Double([1, rate].element(random.unit())))
            steps += [String(now), String(quota.perSecond), String(quota.burst)]
            let standing = bucket.take(of: quota, now: .microseconds(now))
            expected.append("taken")
            if let standing { expected[expected.count - 1] = String(Int64(standing.untilNext / .microseconds(1))) }
        }
        try await RedisServer.with { server in
            let found = try await server.command(["EVAL", Self.replay, "1", "bucket"] + steps).split(separator: "\n")
            #expect(found.map { String($0) } == expected)
            #expect(Set(expected).count > 100 && expected.contains("taken"))
        }
    }

    /// The scripts' own part with a clock that the test moves; one script, so that nothing expires in between.
    private static let replay =
        """
        local time
        local function micros() return time end
        local function int(n) return string.format('%.0f', n) end
        local function num(text) return tonumber(text) end
        local function name() return '' end

        """ + RedisScript.quota + """
            local found = {}
            for i = 1, #ARGV, 3 do
              time = tonumber(ARGV[i])
              local rate, burst = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
              local refusal = take(KEYS[1], rate, burst)
              found[#found + 1] = refusal and int(math.ceil((refusal[2] + 1000000 - burst * 1000000) / rate)) or 'taken'
            end
            return found
            """

    // MARK: Round trips

    @Test("A claim under a quota is one script of a server that stands alone, and so one round trip")
    func oneStep() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url) { subject in
                let quota = Quota(perSecond: 10, burst: 1)
                _ = try await subject.store.claim(Self.claim(1, quota))
                try await server.command("CONFIG", "RESETSTAT")
                _ = try await subject.store.claim(Self.claim(2, quota))
                #expect(try await server.scripts() == 1)
            }
        }
    }

    @Test("In a Redis Cluster the token is a script of its own, before the claim, which a refused one never comes to")
    func twoSteps() async throws {
        try await RedisCluster.with { cluster in
            try await Subject.with(url: cluster.url) { subject in
                #expect(try await subject.store.claim(Self.claim(1, Self.one)) == .new)
                try await cluster.command(["SET", Self.bucket, "30000000 9000000000000000"])
                for node in cluster.nodes { try await node.command("CONFIG", "RESETSTAT") }
                guard case .limited = try await subject.store.claim(Self.claim(2, Self.one)) else {
                    Issue.record("not refused")
                    return
                }
                var scripts = 0
                for node in cluster.nodes { scripts += try await node.scripts() }
                #expect(scripts == 1)
                #expect(try await subject.store.claim(Self.claim(2, Quota(perSecond: 1, burst: 99))) == .new)
                scripts = 0
                for node in cluster.nodes { scripts += try await node.scripts() }
                #expect(scripts == 3)
            }
        }
    }

    @Test("Scripts that Redis has forgotten are given to it again within the claim")
    func forgotten() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url) { subject in
                let quota = Quota(perSecond: 1, burst: 9)
                #expect(try await subject.store.claim(Self.claim(1, quota)) == .new)
                try await server.command("SCRIPT", "FLUSH")
                #expect(try await subject.store.claim(Self.claim(2, quota)) == .new)
            }
        }
    }

    @Test("A claim under a quota that too few replicas have is not answered either")
    func tooFewReplicas() async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url, timeout: .seconds(4), waitReplicas: 1) { subject in
                let failure = try await subject.failure { _ = try await $0.claim(Self.claim(1, Self.one)) }
                #expect(failure?.code == .tooFewReplicas)
            }
        }
    }
}

extension RedisServer {
    /// As if a tenant had just taken so many tokens.
    fileprivate func useUp(_ bucket: String, missing tokens: Int = 30) async throws {
        let script =
            "local t = redis.call('TIME') redis.call('SET', KEYS[1], ARGV[1] .. '000000 ' .. t[1] .. string.format('%06d', t[2]))"
        try await command("EVAL", script, "1", bucket, String(tokens))
    }

    /// Every key with all that it holds.
    fileprivate func contents() async throws -> [String: String] {
        var contents: [String: String] = [:]
        for key in try await command("KEYS", "*").split(separator: "\n").map(String.init) {
            contents[key] = try await command("DUMP", key)
        }
        return contents
    }

    /// How many scripts were run since the statistics were reset.
    func scripts() async throws -> Int {
        let lines = try await command("INFO", "commandstats").split(whereSeparator: \.isNewline)
        let line = lines.first { $0.hasPrefix("cmdstat_evalsha:calls=") }
        return line.flatMap { Int($0.dropFirst("cmdstat_evalsha:calls=".count).prefix { $0.isNumber }) } ?? 0
    }
}

extension [Int] {
    fileprivate func element(_ unit: Double) -> Int { self[Int(unit * Double(count))] }
}
