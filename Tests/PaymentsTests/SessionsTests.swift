import AdapterKit
import TestKit
import Testing

@testable import Payments

@Suite("A session with a gateway", .timeLimit(.minutes(1)))
struct SessionsTests {
    private let world: SessionWorld
    private var time: ManualTime { world.time }
    private var network: FakeTransport { world.network }

    init() throws { world = try SessionWorld() }

    /// A first token, and one request that used it.
    private func open(_ token: String = "one", life: Int = 300) async {
        network.script(.token(token, life: life), .accepted)
        #expect(await world.ask().word == "200")
    }

    @Test func `is opened with our credentials, by the gateway's identity and authorities, at the address that gives out tokens`()
        async throws
    {
        await open()
        let fetch = try #require(network.sent.first)
        #expect(fetch.request.method == .post)
        #expect(fetch.request.target == "/oauth/token")
        #expect(fetch.request.headers.single("Authorization") == "Basic YWNtZTpzM2NyZXQ=")
        #expect(fetch.request.headers.single("Content-Type") == "application/x-www-form-urlencoded")
        #expect(String(decoding: fetch.request.body, as: UTF8.self) == "grant_type=client_credentials&scope=pay")
        var expected = world.gateway.endpoint
        (expected.host, expected.port, expected.basePath) = ("tokens.example", 9443, "")
        #expect(fetch.endpoint == expected)
        #expect(world.tokens == ["Bearer one"])
    }

    @Test func `is opened once for all who wait for it`() async {
        let gate = Gate()
        network.script(.held(by: gate, then: .token("one")))
        for _ in 1...50 { network.script(.accepted) }
        async let answers = world.ask(times: 50)
        await network.sent(atLeast: 1)
        await time.sleepers(atLeast: 50)
        #expect(network.sent.count == 1)
        gate.open()
        #expect(await answers.map(\.word) == Array(repeating: "200", count: 50))
        #expect(world.fetches == 1)
        #expect(Set(world.tokens) == ["Bearer one"])
    }

    @Test func `serves all requests of its life`() async {
        await open()
        for _ in 1...10 {
            time.advance(by: .seconds(23))
            network.script(.accepted)
            #expect(await world.ask().word == "200")
        }
        #expect(world.fetches == 1)
    }

    @Test func `is renewed a minute ahead by one of those who see it, while the old one serves them all`() async {
        await open()
        time.advance(by: .seconds(240))
        let gate = Gate()
        // Whether the renewal or the first request leaves first is not said: both take the same step.
        let both = FakeTransport.Step { request throws(TransportFailure) in
            guard request.target == "/oauth/token" else { return GatewayResponse(status: 200) }
            await gate.passed()
            return GatewayResponse(
                status: 200, body: Array(#"{"access_token":"two","token_type":"Bearer","expires_in":300}"#.utf8))
        }
        for _ in 1...21 { network.script(both) }
        #expect(await world.ask(times: 20).map(\.word) == Array(repeating: "200", count: 20))
        await network.sent(atLeast: 23)
        #expect(world.fetches == 2)
        #expect(Set(world.tokens) == ["Bearer one"])
        gate.open()
        await sees("Bearer two")
        #expect(world.fetches == 2)
    }

    /// Asks until a request carries the token: when the renewal's answer is taken in is for its task to say.
    private func sees(_ token: String) async {
        repeat {
            network.script(.accepted)
            #expect(await world.ask().word == "200")
        } while world.tokens.last != token && !Task.isCancelled
    }

    @Test func `is not used in its last seconds: then its renewal is waited for`() async {
        await open()
        time.advance(by: .seconds(295))
        network.script(.token("two"), .accepted)
        #expect(await world.ask().word == "200")
        #expect(world.tokens == ["Bearer one", "Bearer two"])
    }

    @Test func `of a short life is renewed in its last third and not used in its last tenth`() async {
        await open(life: 10)
        time.advance(by: .milliseconds(6_600))
        network.script(.accepted)
        #expect(await world.ask().word == "200")
        #expect(world.fetches == 1)
        time.advance(by: .milliseconds(2_400))
        network.script(.token("two", life: 10), .accepted)
        #expect(await world.ask().word == "200")
        #expect(world.tokens == ["Bearer one", "Bearer one", "Bearer two"])
    }

    @Test func `serves on where its renewal fails, which is tried again after a second`() async {
        await open()
        time.advance(by: .seconds(240))
        let failing = FakeTransport.Step { request throws(TransportFailure) in
            GatewayResponse(status: request.target == "/oauth/token" ? 500 : 200)
        }
        network.script(failing, failing)
        #expect(await world.ask().word == "200")
        await network.sent(atLeast: 4)
        network.script(.accepted)
        #expect(await world.ask().word == "200")
        #expect(world.fetches == 2)
        // When the failure is taken in is for its task to say; the second is counted from then on.
        while world.fetches == 2, !Task.isCancelled {
            time.advance(by: .milliseconds(10))
            network.script(failing, failing)
            #expect(await world.ask().word == "200")
        }
        #expect(Set(world.tokens) == ["Bearer one"])
    }
}

@Suite("A session that the gateway ends", .timeLimit(.minutes(1)))
struct EndedSessionTests {
    private let world: SessionWorld
    private var network: FakeTransport { world.network }

    init() throws { world = try SessionWorld() }

    @Test func `is opened once more, and the request sent again with the new token`() async {
        network.script(.token("one"), .unauthorized, .token("two"), .accepted)
        #expect(await world.ask().word == "200")
        #expect(world.tokens == ["Bearer one", "Bearer two"])
        network.script(.accepted)
        #expect(await world.ask().word == "200")
        #expect(world.fetches == 2)
    }

    @Test func `is not opened a third time for the same request`() async {
        network.script(.token("one"), .unauthorized, .token("two"), .unauthorized)
        #expect(await world.ask().word == "401")
        #expect(network.stepsLeft == 0)
        #expect(network.sent.count == 4)
    }

    @Test("is not opened again for any other answer", arguments: [200, 400, 403, 407, 500])
    func other(status: Int) async {
        network.script(.token("one"), .answer(status))
        #expect(await world.ask().word == "\(status)")
        #expect(world.fetches == 1)
    }

    @Test func `is opened once for all who were turned away`() async {
        network.script(.token("one"), .accepted)
        _ = await world.ask()
        let gate = Gate()
        for _ in 1...20 { network.script(.held(by: gate, then: .unauthorized)) }
        async let answers = world.ask(times: 20)
        await network.sent(atLeast: 22)
        network.script(.token("two"))
        for _ in 1...20 { network.script(.accepted) }
        gate.open()
        #expect(await answers.map(\.word) == Array(repeating: "200", count: 20))
        #expect(world.fetches == 2)
        #expect(world.tokens.filter { $0 == "Bearer two" }.count == 20)
    }

    @Test func `leaves the answer as it is where no other can be had`() async {
        network.script(.token("one"), .unauthorized, .answer(503))
        #expect(await world.ask().word == "401")
    }
}

@Suite("A session that cannot be had", .timeLimit(.minutes(1)))
struct RefusedSessionTests {
    private let world: SessionWorld
    private var time: ManualTime { world.time }
    private var network: FakeTransport { world.network }

    init() throws { world = try SessionWorld() }

    @Test("is refused where the credentials are not taken, and nothing is sent to the gateway", arguments: [400, 401, 403])
    func refused(status: Int) async {
        network.script(.answer(status, #"{"error":"invalid_client"}"#))
        #expect(await world.ask().word == "unsigned: session_refused")
        #expect(world.tokens == [])
    }

    @Test(
        "is unavailable for any other answer, and nothing is sent to the gateway",
        arguments: [
            (200, "<html>"), (200, "{}"), (200, #"{"access_token":"","token_type":"Bearer"}"#),
            (200, #"{"access_token":"a b","token_type":"Bearer"}"#), (200, #"{"access_token":"a","token_type":"mac"}"#),
            (200, #"{"access_token":"a","token_type":"Bearer","expires_in":0}"#),
            (200, #"{"access_token":"a","token_type":"Bearer","expires_in":"300"}"#), (201, "{}"), (302, ""), (404, ""),
            (429, ""), (500, ""), (503, ""),
        ])
    func unavailable(status: Int, body: String) async {
        network.script(.answer(status, body))
        #expect(await world.ask().word == "closed: session_unavailable")
        #expect(world.tokens == [])
    }

    @Test("is unavailable where nobody answers", arguments: [TransportFailure.Code.connectRefused, .attemptTimedOut])
    func unanswered(code: TransportFailure.Code) async {
        network.script(.fails(.sample(code)))
        #expect(await world.ask().word == "closed: session_unavailable")
    }

    @Test("is not asked for again within a second: all who come meanwhile are told the same", arguments: [401, 503])
    func remembered(status: Int) async {
        network.script(.answer(status))
        let word = await world.ask().word
        time.advance(by: .milliseconds(999))
        #expect(await world.ask(times: 20).map(\.word) == Array(repeating: word, count: 20))
        #expect(world.fetches == 1)
        time.advance(by: .milliseconds(1))
        network.script(.token("one"), .accepted)
        #expect(await world.ask().word == "200")
        #expect(world.fetches == 2)
    }

    @Test func `tells neither secret nor token to the log`() async {
        network.script(.answer(500, #"{"access_token":"t0ken-in-a-body"}"#))
        _ = await world.ask()
        let text = world.log.lines.joined(separator: "\n")
        #expect(text.contains("no session was opened"))
        for secret in ["s3cret", "YWNtZTpzM2NyZXQ=", "t0ken"] { #expect(!text.contains(secret)) }
    }
}

@Suite("A session takes no longer than an attempt", .timeLimit(.minutes(1)))
struct SessionTimeTests {
    private let world: SessionWorld
    private var time: ManualTime { world.time }
    private var network: FakeTransport { world.network }

    init() throws { world = try SessionWorld() }

    @Test func `what the token took is not left for the request`() async {
        let time = world.time
        network.script(FakeTransport.Step.token("one").after { _ in time.advance(by: .seconds(1)) }, .accepted)
        #expect(await world.ask().word == "200")
        #expect(network.sent.map(\.endpoint.attemptTimeout) == [.seconds(3), .seconds(2)])
    }

    @Test func `a token that comes too late is not used by who has waited, but by the next`() async {
        let time = world.time
        network.script(FakeTransport.Step.token("one").after { _ in time.advance(by: .seconds(3)) })
        #expect(await world.ask().word == "closed: session_unavailable")
        network.script(.accepted)
        #expect(await world.ask().word == "200")
        #expect(world.fetches == 1)
    }

    @Test func `who has waited that long for a token leaves, and the fetch goes on for others`() async {
        let gate = Gate()
        network.script(.held(by: gate, then: .token("one")))
        async let first = world.ask()
        await network.sent(atLeast: 1)
        await time.sleepers()
        time.advance(by: .seconds(2))
        async let second = world.ask()
        await time.sleepers(atLeast: 2)
        time.advance(by: .seconds(1))
        #expect(await first.word == "closed: session_unavailable")
        network.script(.accepted)
        gate.open()
        #expect(await second.word == "200")
        #expect(world.fetches == 1)
    }

    @Test func `a renewal after a 401 is waited for only as long as the attempt lasts`() async {
        let (time, gate) = (world.time, Gate())
        network.script(
            .token("one"), FakeTransport.Step.unauthorized.after { _ in time.advance(by: .milliseconds(2_900)) },
            .held(by: gate, then: .token("two")))
        async let answer = world.ask()
        await network.sent(atLeast: 3)
        await time.sleepers()
        time.advance(by: .milliseconds(100))
        #expect(await answer.word == "401")
        gate.open()
    }

    @Test func `who is cancelled leaves at once, and the others get their token`() async {
        let gate = Gate()
        network.script(.held(by: gate, then: .token("one")))
        let leaving = Task { await world.ask() }
        await network.sent(atLeast: 1)
        async let staying = world.ask()
        await time.sleepers(atLeast: 2)
        leaving.cancel()
        #expect(await leaving.value.word == "closed: session_unavailable")
        network.script(.accepted)
        gate.open()
        #expect(await staying.word == "200")
        #expect(world.fetches == 1)
    }
}
