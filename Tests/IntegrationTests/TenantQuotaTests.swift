import AdapterKit
import MockGateways
import ProcessKit
import Synchronization
import TestKit
import Testing

@Suite("A tenant's quota", .serialized, .timeLimit(.minutes(2)))
struct TenantQuotaTests {
    private static func setup(_ rate: String) throws -> Setup { try Setup { $0.tenantLines["acme"] = ["rate: \(rate)"] } }

    /// As fast as a caller can, until it is refused.
    private static func payUntilRefused(_ caller: Caller, key: (Int) -> String) async throws -> (paid: Int, refusal: Reply) {
        var paid = 0
        while true {
            try #require(paid < 200, "nobody refuses")
            let reply = try await caller.pay(key: key(paid))
            if reply.status == 429 { return (paid, reply) }
            try #require(reply.status == 201, "\(reply.text)")
            #expect(!reply.headers.fields.contains { $0.name.lowercased().hasPrefix("ratelimit") })
            paid += 1
        }
    }

    @Test("is told with 429: when to come again, in every form that clients read", arguments: StoreKind.allCases)
    func refused(store: StoreKind) async throws {
        try await World.with(store, try Self.setup("{ per_second: 1, burst: 3 }")) { world in
            let clock = ContinuousClock.now
            let (paid, refusal) = try await Self.payUntilRefused(world.acme) { "key-\($0)" }
            #expect((3...3 + Int(clock.duration(to: .now) / .seconds(1))).contains(paid))
            #expect(refusal.isProblem)
            #expect(refusal.code == "rate_limited")
            #expect(refusal["type"]?.text == "urn:drawbridge:problem:rate_limited")
            let headers = [
                "retry-after": "1", "ratelimit-policy": #""tenant";q=3;w=3"#, "ratelimit": #""tenant";r=0;t=1"#,
                "ratelimit-limit": "3", "ratelimit-remaining": "0", "ratelimit-reset": "1", "location": nil,
                "idempotent-replayed": nil,
            ]
            for (name, value) in headers { #expect(refusal.headers.single(name) == value, "\(name)") }
            #expect(world.requestsAtBank == paid)
            if let redis = RedisServer.current {
                #expect(try await redis.command("KEYS", "*:p:*").split(separator: "\n").count == paid)
            }
            let metrics = try await world.gateway.ask("/metrics").text
            #expect(metrics.contains("drawbridge_rate_limited_total{tenant=\"acme\"} 1\n"))
        }
    }

    @Test("does not use the refused key up: it pays once there is a token", arguments: StoreKind.allCases)
    func again(store: StoreKind) async throws {
        try await World.with(store, try Self.setup("{ per_second: 4, burst: 1 }")) { world in
            let (paid, _) = try await Self.payUntilRefused(world.acme) { "key-\($0)" }
            var reply: Reply
            repeat { reply = try await world.acme.pay(key: "key-\(paid)") } while reply.status == 429
            #expect(reply.status == 201)
            #expect(!reply.isReplayed)
        }
    }

    @Test(
        "counts captures, voids and refunds, and neither reads nor requests that break the rules", arguments: StoreKind.allCases)
    func counted(store: StoreKind) async throws {
        try await World.with(store, try Self.setup("{ per_second: 1, burst: 8 }")) { world in
            let held = try await world.acme.authorize()
            #expect(held.status == 201)
            for number in 0..<7 { #expect(try await world.acme.refund(held.id, 1, key: "refund-\(number)").status == 409) }
            var replies: [Reply] = []
            while replies.last?.status != 429, replies.count < 200 {
                replies.append(try await world.acme.capture(held.id, 99_999))
            }
            let capture = try #require(replies.last)
            #expect(capture.code == "rate_limited")
            for _ in 0..<20 {
                #expect(try await world.acme.payment(held.id).state == "authorized")
                #expect(try await world.acme.pay(Caller.order(("amount", .integer(0)))).status == 422)
            }
            #expect(try await world.other.pay().status == 201)
        }
    }

    @Test("is one for all replicas: together they take no more than it allows")
    func replicas() async throws {
        try await World.with(.redis, try Self.setup("{ per_second: 2, burst: 20 }")) { world in
            try await RunningGateway.with(world.replica) { replica in
                let clock = ContinuousClock.now
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<100 {
                        let caller = number % 2 == 0 ? world.acme : replica.acme
                        group.addTask { try await caller.pay().status }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                let most = 20 + Int(clock.duration(to: .now) / .seconds(1) * 2)
                let paid = statuses.filter { $0 == 201 }.count
                #expect((20...most).contains(paid))
                #expect(statuses.filter { $0 == 429 }.count == 100 - paid)
                #expect(world.bank.counters[.charge] == paid)
            }
        }
    }
}

@Suite("A tenant far over its quota", .serialized, .timeLimit(.minutes(3)))
struct TenantFloodTests {
    /// So little that ten times as much is asked for on any machine.
    private static let rate = (perSecond: 1, burst: 2)
    /// The other tenant pays in turns, alone and beside the flood: whatever else this machine does befalls both alike.
    private static let (rounds, payments) = (6, 10)
    /// Generous: two tenants that ask at once share two cores with the tests and the bank.
    private static let worst = 5.0

    @Test("does not slow another down, and gets no more than its quota (Redis)")
    func flood() async throws {
        let setup = try Setup {
            $0.tenantLines["acme"] = ["rate: { per_second: \(Self.rate.perSecond), burst: \(Self.rate.burst) }"]
        }
        try await World.with(.redis, setup) { world in
            for _ in 0..<10 { #expect(try await world.other.pay().status == 201) }
            var (alone, beside): ([Duration], [Duration]) = ([], [])
            let (clock, flood) = (ContinuousClock.now, Flood())
            for _ in 0..<Self.rounds {
                alone += try await Self.pay(world)
                beside += try await flood.during(world) { try await Self.pay(world) }
            }
            let quota = Double(Self.rate.burst) + clock.duration(to: .now) / .seconds(1) * Double(Self.rate.perSecond)
            let statuses = flood.statuses
            let paid = statuses[201, default: 0]
            #expect(Set(statuses.keys).isSubset(of: [201, 429]))
            #expect(paid >= Self.rate.burst && Double(paid) <= quota)
            #expect(statuses.values.reduce(0, +) >= 10 * Int(quota), "that was no flood")
            #expect(Self.median(beside) <= Self.median(alone) * Self.worst, "\(Self.median(beside)) beside \(Self.median(alone))")
        }
    }

    /// All succeed, inside the deadline: else they were answered 202.
    private static func pay(_ world: World) async throws -> [Duration] {
        var taken: [Duration] = []
        for _ in 0..<payments {
            let clock = ContinuousClock.now
            let reply = try await world.other.pay()
            taken.append(clock.duration(to: .now))
            #expect(reply.status == 201, "\(reply.text)")
        }
        return taken
    }

    private static func median(_ durations: [Duration]) -> Duration { durations.sorted()[durations.count / 2] }

    /// Payments of acme, two at once, one after the other.
    private final class Flood: Sendable {
        private let counts = Mutex<[Int: Int]>([:])
        private let isOver = Mutex(false)

        /// Each status and how often it came.
        var statuses: [Int: Int] { counts.withLock { $0 } }

        func during<Result: Sendable>(_ world: World, _ body: @Sendable () async throws -> Result) async throws -> Result {
            isOver.withLock { $0 = false }
            async let first: Void = run(world)
            async let second: Void = run(world)
            let result: Swift.Result<Result, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            isOver.withLock { $0 = true }
            _ = try await (first, second)
            return try result.get()
        }

        private func run(_ world: World) async throws {
            while !isOver.withLock({ $0 }) {
                let status = try await world.acme.pay().status
                counts.withLock { $0[status, default: 0] += 1 }
            }
        }
    }
}
