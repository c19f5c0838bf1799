import AdapterKit
import TestKit
import Testing

@testable import Payments

@Suite("The feed of a tenant's events", .timeLimit(.minutes(1)))
struct EventFeedTests {
    private let world: World
    private let events: EventWorld

    init() throws {
        world = try World()
        events = EventWorld(world)
    }

    /// Payments that succeeded, one event each, and a moment between any two.
    private func pay(_ count: Int, tenant: String = "acme") async throws {
        for number in 0..<count {
            world.bank.script(.charge("APPROVED"))
            try #require(try await world.pay(key: "pay-\(number)", tenant: tenant).status == 201)
            try await events.relay()
            world.time.advance(by: .seconds(1))
        }
    }

    /// A caller who waits already.
    private func waiting(_ tenant: String = "acme", after: String? = nil, for wait: Duration = .seconds(30)) async
        -> Task<Answer, any Error>
    {
        let task = Task { [events] in try await events.read(tenant, after: after, wait: wait) }
        await world.time.sleepers(atLeast: 1)
        return task
    }

    private func expectProblem(_ answer: Answer, _ status: Int, _ code: String, pointer: String? = nil) {
        #expect(answer.status == status)
        #expect(answer.content == .problem)
        #expect(answer.code == code)
        #expect(answer.json["errors"]?.elements?.first?["pointer"]?.text == pointer)
    }

    // MARK: Reading

    @Test("is read oldest first, page by page, each with the last one's id as the cursor")
    func pages() async throws {
        try await pay(5)
        let all = try await events.read()
        #expect(all.json["has_more"] == .bool(false))
        let ids = try all.events.ids
        #expect(Set(ids).count == 5)
        var (read, after, sizes) = ([String](), String?.none, [Int]())
        var hasMore = true
        while hasMore {
            let page = try await events.read(after: after, limit: 2)
            let new = try page.events.ids
            hasMore = page.json["has_more"]?.bool ?? false
            (read, after) = (read + new, new.last)
            try #require(!new.isEmpty)
            sizes.append(new.count)
        }
        #expect(read == ids)
        #expect(sizes == [2, 2, 1])
    }

    @Test("a page that is just full says truly whether there is more")
    func fullPage() async throws {
        try await pay(2)
        #expect(try await events.read(limit: 2).json["has_more"] == .bool(false))
        #expect(try await events.read(limit: 1).json["has_more"] == .bool(true))
    }

    @Test("is empty before the first event, and after the last one")
    func empty() async throws {
        #expect(try await events.read().text == #"{"data":[],"has_more":false}"#)
        try await pay(1)
        let last = try #require(try await events.read().events.ids.first)
        #expect(try await events.read(after: last).text == #"{"data":[],"has_more":false}"#)
    }

    @Test("shows nothing of another tenant, and takes no cursor of another's")
    func otherTenant() async throws {
        try await pay(2, tenant: "globex")
        try await pay(1)
        #expect(try await events.read().events.map { $0["data"]?["tenant"]?.text } == ["acme"])
        #expect(try await events.read("nobody").events.isEmpty)
        let theirs = try #require(try await events.read("globex").events.ids.first)
        expectProblem(try await events.read(after: theirs), 404, "not_found", pointer: "/query/after")
    }

    @Test("a cursor that is not kept is refused, not skipped", arguments: ["evt_1-0", "evt_99999999999999-0"])
    func cursorNotKept(_ cursor: String) async throws {
        try await pay(1)
        expectProblem(try await events.read(after: cursor), 404, "not_found", pointer: "/query/after")
    }

    @Test("a cursor that fell out of the feed is refused; the last one that did misses nothing")
    func cursorTrimmed() async throws {
        var limits = FeedLimits()
        limits.events = 1
        let short = EventWorld(world, limits: limits)
        var ids: [String] = []
        for key in ["a", "b", "c"] {
            _ = try await world.paid(key: key)
            try await short.relay()
            ids.append(try #require(try await short.read().events.ids.last))
        }
        expectProblem(try await short.read(after: ids[0]), 404, "not_found", pointer: "/query/after")
        #expect(try await short.read(after: ids[1]).events.ids == [ids[2]])
    }

    @Test("a store that is away: 503, and a time to come again", arguments: [Duration.zero, .seconds(30)])
    func storeAway(wait: Duration) async throws {
        let feed = EventFeed(
            store: AwayEventStore(), vault: world.vault, inFlight: world.inFlight, time: world.time, logger: world.log.logger)
        let answer = await feed.events(after: nil, limit: 10, wait: wait, call: world.call())
        expectProblem(answer, 503, "state_store_unavailable")
        #expect(answer.retryAfter == 1)
    }

    // MARK: Waiting

    @Test("who waits is answered at once where there is an event")
    func atOnce() async throws {
        try await pay(1)
        let before = world.time.monotonic()
        #expect(try await events.read(wait: .seconds(30)).events.count == 1)
        #expect(world.time.monotonic() == before)
    }

    @Test("is woken by what this replica relays, without a moment passing")
    func woken() async throws {
        let relay = EventRelay(
            store: events.store, grown: { [feed = events.feed] in feed.wake($0) }, time: world.time, logger: world.log.logger)
        let answer = await waiting()
        _ = try await world.paid()
        let before = world.time.monotonic()
        await relay.pass([try world.id()])
        #expect(try await answer.value.events.types == ["payment.succeeded"])
        #expect(world.time.monotonic() == before)
    }

    @Test("finds what another replica has relayed within half a second")
    func looked() async throws {
        let answer = await waiting()
        _ = try await world.paid()
        try await events.relay()
        world.time.advance(by: .milliseconds(500))
        #expect(try await answer.value.events.types == ["payment.succeeded"])
    }

    @Test("is not ended by what another tenant is told")
    func notTheirs() async throws {
        let answer = await waiting()
        _ = try await world.paid()
        world.bank.script(.charge("APPROVED"))
        _ = try await world.pay(tenant: "globex")
        #expect(try await events.store.relay(of: [try world.id(tenant: "globex")]) { _ in [] } == ["globex"])
        events.feed.wake(["globex"])
        await elapse(.milliseconds(1_500))
        try await events.relay()
        events.feed.wake(["acme"])
        #expect(try await answer.value.events.map { $0["data"]?["tenant"]?.text } == ["acme"])
    }

    /// In the steps in which a waiting caller looks. That somebody sleeps after each shows that he still waits.
    private func elapse(_ duration: Duration) async {
        let step = Duration.milliseconds(500)
        for _ in 0..<Int(duration / step) {
            world.time.advance(by: step)
            await world.time.sleepers(atLeast: 1)
        }
    }

    @Test("ends with an empty page when the time is up, and no sooner")
    func ends() async throws {
        let answer = await waiting(for: .seconds(3))
        await elapse(.milliseconds(2_500))
        world.time.advance(by: .milliseconds(500))
        #expect(try await answer.value.text == #"{"data":[],"has_more":false}"#)
    }

    @Test("waits no longer than 30 seconds, whatever was asked")
    func longest() async throws {
        let answer = await waiting(for: .seconds(3_600))
        await elapse(.milliseconds(29_500))
        world.time.advance(by: .milliseconds(500))
        #expect(try await answer.value.events.isEmpty)
    }

    @Test("the time is counted from the request's arrival")
    func fromArrival() async throws {
        let call = world.call()
        world.time.advance(by: .seconds(3))
        #expect(try await events.feed.events(after: nil, limit: 1, wait: .seconds(3), call: call).events.isEmpty)
    }

    @Test("one more than may wait is answered at once; another one's end makes room")
    func tooMany() async throws {
        let waiting = (0..<1_000).map { _ in Task { [events] in try await events.read(wait: .seconds(30)) } }
        await world.time.sleepers(atLeast: 1_000)
        #expect(try await events.read(wait: .seconds(30)).events.isEmpty)
        waiting[0].cancel()
        _ = try await waiting[0].value
        let next = Task { [events] in try await events.read("globex", wait: .seconds(30)) }
        await world.time.sleepers(atLeast: 1_000)
        world.time.advance(by: .seconds(30))
        for task in waiting + [next] { #expect(try await task.value.events.isEmpty) }
    }

    @Test("draining ends the wait within half a second")
    func draining() async throws {
        let answer = await waiting()
        world.inFlight.close()
        world.time.advance(by: .milliseconds(500))
        #expect(try await answer.value.events.isEmpty)
        #expect(try await events.read(wait: .seconds(30)).events.isEmpty)
    }

    @Test("a caller who hangs up ends the wait without a moment passing")
    func hungUp() async throws {
        let answer = await waiting()
        answer.cancel()
        #expect(try await answer.value.events.isEmpty)
        #expect(world.time.monotonic() == .zero)
    }
}

/// Cannot be reached.
private struct AwayEventStore: EventStore {
    func relay(
        of payments: Set<PaymentID>?, to endpoints: @Sendable (PaymentEvent) -> [EndpointID]
    ) async throws(StoreFailure) -> Set<String> { throw StoreFailure(code: .unreachable, detail: "scripted") }

    func events(of tenant: String, after: EventID?, limit: Int) async throws(StoreFailure) -> FeedPage {
        throw StoreFailure(code: .unreachable, detail: "scripted")
    }
}
