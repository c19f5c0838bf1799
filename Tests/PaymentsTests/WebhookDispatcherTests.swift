import AdapterKit
import Synchronization
import TestKit
import Testing

@testable import Payments

@Suite("Posting events to the tenants' endpoints", .timeLimit(.minutes(1)))
struct WebhookDispatcherTests {
    private let world: WebhookWorld

    init() throws { world = try WebhookWorld() }

    private var time: ManualTime { world.world.time }

    // MARK: What is posted

    @Test("a delivery is the event as the feed shows it, posted to the URL of its tenant with these fields and no others")
    func request() async throws {
        try await world.pay()
        world.receiver.script(.status(200))
        #expect(try await world.pass() == WebhookDispatcher.Report(sent: 1))
        let sent = try #require(world.receiver.sent.first)
        #expect(sent.endpoint == world.endpoint.endpoint)
        #expect(sent.request.method == .post)
        #expect(sent.request.target == "/acme")
        let names = sent.request.headers.fields.map(\.name)
        #expect(names == ["Content-Type", "User-Agent", "webhook-id", "webhook-timestamp", "webhook-signature"])
        #expect(sent.request.headers.single("Content-Type") == "application/json")
        #expect(sent.request.headers.single("webhook-timestamp") == String(time.now().seconds))
        let shown = try #require(try await world.events.read().events.first)
        #expect(try JSON(parsing: sent.request.body) == shown)
        #expect(
            sent.request.headers.single("webhook-id") == [shown].webhookIDs.first
        )
        #expect(
            try await world.events.read().text
                == #"{"data":[\#(String(decoding: sent.request.body, as: UTF8.self))],"has_more":false}"#)
    }

    @Test("it holds under each of the endpoint's secrets alone, and under no other; not with another body")
    func signed() async throws {
        try await world.pay()
        world.receiver.script(.status(200))
        try await world.pass()
        let request = try #require(world.receiver.sent.first?.request)
        for secret in WebhookWorld.secrets {
            #expect(try request.isSigned(with: [secret]))
            #expect(try !request.isSigned(with: [secret], body: request.body + [0x20]))
        }
        #expect(try !request.isSigned(with: [Secret([UInt8](repeating: 3, count: 24))]))
        #expect(request.headers.single("webhook-signature")?.split(separator: " ").count == 2)
    }

    @Test("every try bears the same id and body, and a time-stamp and signature of its own")
    func tries() async throws {
        try await world.pay()
        world.receiver.script(.status(500), .status(200))
        try await world.pass()
        time.advance(by: .seconds(6))
        try await world.pass()
        let requests = world.receiver.sent.map(\.request)
        try #require(requests.count == 2)
        #expect(Set(world.sent).count == 1)
        #expect(requests[0].body == requests[1].body)
        for name in ["webhook-timestamp", "webhook-signature"] {
            #expect(requests[0].headers.single(name) != requests[1].headers.single(name))
        }
        #expect(requests[1].headers.single("webhook-timestamp") == String(time.now().seconds))
        #expect(try requests[1].isSigned(with: WebhookWorld.secrets))
    }

    @Test("an endpoint is told of the kinds it asked for, and of its own tenant's payments")
    func filter() async throws {
        let picky = WebhookWorld.endpoint(kinds: [.paymentFailed])
        #expect(picky.id == world.endpoint.id)
        world.world.bank.script(.charge("APPROVED"), .charge("DECLINED", code: "51"), .charge("DECLINED", code: "51"))
        for (key, tenant) in [("a", "acme"), ("b", "acme"), ("c", "globex")] {
            _ = try await world.world.pay(key: key, tenant: tenant)
        }
        let events = world.world.memory.outbox(of: nil, limit: 10).map(\.event)
        #expect(events.map { picky.wants($0) } == events.map { $0.kind == .paymentFailed && $0.tenant == "acme" })
        #expect(events.map(\.tenant).contains("globex"))
        try await world.events.relay(to: picky)
        world.receiver.script(.status(200))
        #expect(try await world.dispatcher.pass(picky, width: 32).sent == 1)
        let body = try JSON(parsing: try #require(world.receiver.sent.first?.request.body))
        #expect(body["type"] == .string("payment.failed"))
        #expect(body["data"]?["tenant"] == .string("acme"))
        #expect(try await world.events.read().events.count == 2)
    }

    // MARK: What becomes of it

    @Test("2xx ends it", arguments: [200, 204, 299])
    func delivered(status: Int) async throws {
        try await world.pay()
        world.receiver.script(.status(status))
        try await world.pass()
        #expect(try await world.pass() == WebhookDispatcher.Report())
        let standing = try await world.status()
        #expect((standing.pending, standing.dead) == (0, 0))
        #expect(standing.lastStatus == status)
        #expect(standing.lastError == nil)
        #expect(standing.lastSuccess == time.now())
    }

    @Test("a redirect is not followed: it is tried again later, at the same place")
    func redirect() async throws {
        try await world.pay()
        world.receiver.script(.status(307, ("Location", "https://elsewhere.test/")), .status(200))
        #expect(try await world.pass() == WebhookDispatcher.Report(sent: 1, hasFailed: true))
        #expect(world.receiver.sent.count == 1)
        #expect(try await world.status().lastError == "redirect_not_followed")
        time.advance(by: .seconds(6))
        try await world.pass()
        #expect(world.receiver.sent.map(\.endpoint.host) == ["hooks.acme.test", "hooks.acme.test"])
    }

    @Test("410 disables the endpoint: what was refused is a dead letter, and nothing more is sent until an operator says so")
    func gone() async throws {
        try await world.pay()
        world.receiver.script(.status(410))
        try await world.pass()
        var standing = try await world.status()
        #expect(standing.disabled == "gone")
        #expect(try await world.deadLetters().map(\.error) == ["gone"])
        try await world.pay(key: "later")
        time.advance(by: .seconds(600))
        #expect(try await world.pass().sent == 0)
        #expect(try await world.events.read().events.count == 2)
        _ = try await world.review.enable("acme", world.endpoint.id.name, try EnableWebhooksOrder(.members([])), by: "ana")
        world.receiver.script(.status(200))
        _ = try await world.review.redrive("acme", world.endpoint.id.name, try RedriveWebhooksOrder(.members([])), by: "ana")
        #expect(try await world.pass().sent == 1)
        standing = try await world.status()
        #expect((standing.pending, standing.dead, standing.disabled) == (0, 0, nil))
    }

    @Test("who is overloaded says how long to spare him, also beyond the schedule", arguments: [429, 503])
    func slowDown(status: Int) async throws {
        try await world.pay()
        world.receiver.script(.status(status, ("Retry-After", "60")), .status(200))
        #expect(
            try await world.pass() == WebhookDispatcher.Report(sent: 1, hasFailed: true, slowDown: .seconds(60)))
        time.advance(by: .seconds(59))
        #expect(try await world.pass().sent == 0)
        time.advance(by: .seconds(1))
        #expect(try await world.pass().sent == 1)
        #expect(try await world.status().pending == 0)
    }

    @Test("without an answer it is tried again, and the endpoint shows why")
    func transportFailure() async throws {
        try await world.pay()
        world.receiver.script(.fails(.sample(.connectRefused)), .fails(.sample(.attemptTimedOut)), .status(200))
        for (error, wait) in [("connect_refused", 6), ("attempt_timed_out", 331)] {
            try await world.pass()
            let standing = try await world.status()
            #expect(standing.lastError == error)
            #expect(standing.lastStatus == nil)
            #expect(standing.lastSuccess == nil)
            time.advance(by: .seconds(wait))
        }
        try await world.pass()
        #expect(try await world.status().lastError == nil)
    }

    @Test("a connection that had closed under it is no try: it is sent again at once, but only once")
    func resent() async throws {
        try await world.pay(2)
        let stale = FakeTransport.Step.fails(.sample(.resendPrevented))
        world.receiver.script(stale, .status(200), stale, stale)
        #expect(try await world.pass(width: 1) == WebhookDispatcher.Report(sent: 1))
        #expect(try await world.pass(width: 1) == WebhookDispatcher.Report(sent: 1, hasFailed: true))
        #expect(world.receiver.sent.count == 4)
        #expect(Set(world.sent).count == 2)
        #expect(try await world.status().lastError == "resend_prevented")
    }

    @Test("after the whole schedule it is a dead letter with its last error; redriven, it is delivered as if new")
    func deadLetter() async throws {
        try await world.pay()
        let event = try #require(try await world.events.read().events.first)
        for (tries, delay) in WebhookSchedule.delays.enumerated() {
            world.receiver.script(.status(500))
            #expect(try await world.pass().sent == 1)
            #expect(try await world.deadLetters().isEmpty)
            time.advance(by: delay * 0.9 - .seconds(1))
            #expect(try await world.pass().sent == 0, "after \(tries + 1) tries")
            time.advance(by: delay * 0.2 + .seconds(1))
        }
        world.receiver.script(.status(404))
        #expect(try await world.pass().sent == 1)
        let letters = try await world.deadLetters()
        #expect(letters.map(\.tries) == [10])
        #expect(letters.map(\.error) == ["refused"])
        #expect(letters.map(\.event.id.text) == [event].ids)
        time.advance(by: .seconds(86_400))
        #expect(try await world.pass().sent == 0)
        #expect(world.world.log.lines.filter { $0.contains("webhook is a dead letter") }.count == 1)
        _ = try await world.review.redrive("acme", world.endpoint.id.name, try RedriveWebhooksOrder(.members([])), by: "ana")
        world.receiver.script(.status(500), .status(200))
        try await world.pass()
        time.advance(by: .seconds(6))
        try await world.pass()
        #expect(Set(world.sent) == Set([event].webhookIDs))
        #expect(world.sent.count == 12)
        let standing = try await world.status()
        #expect((standing.pending, standing.dead) == (0, 0))
    }

    @Test("a sender that dies in between leaves its deliveries to another, once its hold has run out")
    func senderDied() async throws {
        try await world.pay()
        let replica = WebhookWorld(world.world, events: world.events)
        #expect(try await world.events.store.take(for: world.endpoint.id, limit: 32, hold: .seconds(30)).count == 1)
        time.advance(by: .seconds(30) - .milliseconds(1))
        #expect(try await replica.pass().sent == 0)
        time.advance(by: .milliseconds(1))
        replica.receiver.script(.status(200))
        #expect(try await replica.pass().sent == 1)
        #expect(try await world.status().pending == 0)
    }

    @Test("the dispatcher holds what it sends longer than an attempt may take, so that no other replica sends it too")
    func held() async throws {
        try await world.pay()
        let gate = Gate()
        world.receiver.script(.held(by: gate, then: .status(200)))
        async let sent = world.pass()
        await world.receiver.sent(atLeast: 1)
        time.advance(by: WebhookDispatcher.attemptTimeout + .seconds(5))
        let replica = WebhookWorld(world.world, events: world.events)
        #expect(try await replica.pass().sent == 0)
        gate.open()
        #expect(try await sent.sent == 1)
    }

    // MARK: Order

    @Test("the events of one payment are sent one after the other, in their order; another payment's meanwhile")
    func order() async throws {
        let id = try await world.world.paid(.authorization, key: "first")
        world.world.bank.script(.charge("APPROVED"))
        _ = try await world.world.operate(.capture, on: id)
        try await world.relay()
        try await world.pay(key: "second")
        let ids = try await world.events.read().events.webhookIDs
        try #require(ids.count == 3)
        let gate = Gate()
        let ended = Mutex<[String?]>([])
        let step = FakeTransport.Step { request in
            let id = request.headers.single("webhook-id")
            if id == ids[0] { await gate.passed() }
            ended.withLock { $0.append(id) }
            return GatewayResponse(status: 200)
        }
        world.receiver.script(step, step, step)
        async let report = world.pass()
        await world.receiver.sent(atLeast: 2)
        #expect(Set(world.sent) == [ids[0], ids[2]])
        gate.open()
        #expect(try await report.sent == 3)
        let (first, second) = ended.withLock { ($0.firstIndex(of: ids[0]), $0.firstIndex(of: ids[1])) }
        #expect(try #require(first) < (try #require(second)))
    }

    // MARK: Running

    /// The dispatcher at work on all endpoints, until the body returns.
    private func running(_ body: () async throws -> Void) async throws {
        let run = Task { [dispatcher = world.dispatcher] in await dispatcher.run() }
        // Both endpoints' lanes have looked, and sleep.
        await time.sleepers(atLeast: 2)
        do { try await body() } catch {
            run.cancel()
            throw error
        }
        run.cancel()
        await run.value
    }

    @Test("an endpoint that hangs does not delay another tenant's")
    func hanging() async throws {
        let gate = Gate()
        let step = FakeTransport.Step { request in
            if request.target.hasPrefix("/acme") { await gate.passed() }
            return GatewayResponse(status: 200)
        }
        world.receiver.script(step, step, step, step)
        try await running {
            try await world.pay(2)
            await world.receiver.sent(atLeast: 2)
            for number in 1...2 {
                try await world.pay(tenant: "globex", key: "globex-\(number)")
                await world.receiver.sent(atLeast: 2 + number)
            }
            let hosts = world.receiver.sent.map(\.endpoint.host)
            #expect(hosts[..<2].allSatisfy { $0 == "hooks.acme.test" })
            #expect(hosts[2...].allSatisfy { $0 == "hooks.globex.test" })
            #expect(try await world.status().pending == 2)
            gate.open()
            while try await world.status().pending > 0 { await Task.yield() }
        }
        #expect(try await world.status().pending == 0)
        #expect(try await world.status(of: world.other).pending == 0)
    }

    @Test("what was just relayed goes out at once; what others relay, within two seconds")
    func promptly() async throws {
        world.receiver.script(.status(200), .status(200))
        try await running {
            try await world.pay()
            await world.receiver.sent(atLeast: 1)
            #expect(time.monotonic() == .zero)
            await time.sleepers(atLeast: 2)
            _ = try await world.world.paid(key: "elsewhere")
            try await world.events.relay(to: world.endpoint)
            time.advance(by: .seconds(2))
            await world.receiver.sent(atLeast: 2)
        }
        #expect(try await world.status().pending == 0)
    }

    @Test("an endpoint that asks to be spared is left alone, also by what comes meanwhile")
    func spared() async throws {
        world.receiver.script(.status(503, ("Retry-After", "60")), .status(200), .status(200))
        try await running {
            try await world.pay()
            await world.receiver.sent(atLeast: 1)
            await time.sleepers(atLeast: 2)
            try await world.pay(key: "later")
            await time.sleepers(atLeast: 2)
            time.advance(by: .seconds(60))
            await world.receiver.sent(atLeast: 3)
        }
        let times = world.receiver.sent.map { $0.request.headers.single("webhook-timestamp") }
        #expect(times[0] == "1767225600")
        #expect(times[1...] == ["1767225660", "1767225660"])
    }
}
