import AdapterKit
import Synchronization
import TestKit
import Testing

@testable import Payments

@Suite("A callback is taken in (contract/callbacks.md, 1 to 6)", .timeLimit(.minutes(1)))
struct CallbackReceiverTests {
    private let world: World

    init() throws { world = try World(route: ["bank-a", "bank-b"]) }

    /// What refuses a delivery has left the payment as it was, and nothing is kept.
    private func expectUntouched(_ world: World? = nil) async throws {
        let world = world ?? self.world
        #expect(try await world.record().status == .processing)
        #expect(try await world.kept().isEmpty)
        #expect(try await world.kept(.malformed).isEmpty)
        #expect(try await world.told("callback_stale") == 0)
    }

    // MARK: 1. Where to, how much, from where

    @Test("what is verified is applied and answered as the bank expects it")
    func applied() async throws {
        try await world.unknown()
        #expect(try await world.post(world.news()) == .received)
        let record = try await world.record()
        #expect(record.status == .succeeded)
        #expect(record.gatewayReference == "bank-1")
        #expect(try #require(try await world.store.history(of: record.id).last).cause == .callback)
        #expect(world.results == ["applied"])
    }

    @Test(
        "to a gateway that is not configured, or has no callback section, it is 404",
        arguments: ["bank-z", "", "BANK-A", "bank-a"])
    func unknownGateway(name: String) async throws {
        let world = try World(callback: nil)
        try await world.unknown()
        #expect(!world.receiver.accepts(name))
        #expect(try await world.post(world.news(), at: name) == CallbackReply(status: 404))
        try await expectUntouched(world)
    }

    @Test("256 KiB are read, one byte more is 413")
    func size() async throws {
        try await world.unknown()
        let body = try world.news().body
        func padded(_ count: Int) -> SignedCallback {
            world.callback(body: body + String(repeating: " ", count: count - body.utf8.count))
        }
        #expect(try await world.post(padded(256 * 1024 + 1)) == CallbackReply(status: 413))
        try await expectUntouched()
        #expect(try await world.post(padded(256 * 1024)) == .received)
        #expect(try await world.record().status == .succeeded)
    }

    @Test(
        "from elsewhere, or without the certificate that is demanded, it is 403",
        arguments: [
            ("192.0.2.1", "CN=bank"), (nil, "CN=bank"), ("10.0.0.1", nil), ("10.0.0.1", "CN=bank2"), ("10.0.0.1", ""),
            ("not an address", "CN=bank"),
        ] as [(String?, String?)])
    func elsewhere(source: String?, subject: String?) async throws {
        var policy = World.signed
        policy.allowedNetworks = [try #require(AddressRange("10.0.0.0/8"))]
        policy.certificateSubject = "CN=bank"
        let world = try World(callback: policy)
        try await world.unknown()
        var callback = world.callback(try world.news())
        (callback.source, callback.certificateSubject) = (source, subject)
        #expect(try await world.post(callback) == CallbackReply(status: 403))
        try await expectUntouched(world)
        (callback.source, callback.certificateSubject) = ("10.0.0.1", "CN=bank")
        #expect(try await world.post(callback) == .received)
    }

    // MARK: 2. Signature

    @Test("a signature of another key is 401, and says nothing of why")
    func wrongKey() async throws {
        try await world.unknown()
        let callback = world.callback(try world.news())
        #expect(
            await world.receiver.receive(try callback.posted(signedBy: Secret(text: "another"))) == CallbackReply(status: 401))
        var unknown = callback
        unknown.keyID = "k2"
        #expect(try await world.post(unknown) == CallbackReply(status: 401))
        try await expectUntouched()
        #expect(world.results == ["bad_signature", "bad_signature"])
    }

    @Test("one bit of the body that differs from what was signed is 401")
    func changedBody() async throws {
        try await world.unknown()
        let signed = try world.callback(world.news()).posted()
        for index in signed.body.indices {
            var body = signed.body
            body[index] ^= 1
            let delivery = CallbackDelivery(
                gateway: signed.gateway, method: signed.method, target: signed.target, headers: signed.headers, body: body,
                source: signed.source, certificateSubject: nil)
            #expect(await world.receiver.receive(delivery) == CallbackReply(status: 401))
        }
        try await expectUntouched()
    }

    @Test("a header that is missing, or stands twice, is 401", arguments: SignedCallback.names, [0, 2])
    func headerCount(name: String, count: Int) async throws {
        try await world.unknown()
        let callback = world.callback(try world.news())
        let headers = try callback.posted().headers.fields.flatMap { field in
            Array(repeating: (field.name, field.value), count: field.name == name ? count : 1)
        }
        #expect(await world.receiver.receive(callback.posted(headers)) == CallbackReply(status: 401))
        try await expectUntouched()
        #expect(try await world.post(callback) == .received)
    }

    @Test("the same path in another encoding is 401")
    func otherEncoding() async throws {
        try await world.unknown()
        var signed = world.callback(try world.news())
        signed.target = "/callbacks/bank-a/a%2Fb"
        var sent = signed
        for target in ["/callbacks/bank-a/a%2fb", "/callbacks/bank-a/a/b", "/callbacks/bank%2Da/a%2Fb"] {
            sent.target = target
            #expect(await world.receiver.receive(sent.posted(try signed.signature())) == CallbackReply(status: 401))
        }
        try await expectUntouched()
        #expect(try await world.post(signed) == .received)
    }

    // MARK: 3. Time

    @Test(
        "it is taken within 300 s of its time-stamp, either side",
        arguments: [(-301, 401), (-300, 204), (-299, 204), (299, 204), (300, 204), (301, 401)])
    func window(age: Int, status: Int) async throws {
        world.time.advance(by: .seconds(1_000))
        try await world.unknown()
        var callback = world.callback(try world.news())
        callback.time = (world.time.now() + .seconds(-age)).rfc3339WholeSeconds
        #expect(try await world.post(callback) == CallbackReply(status: status))
        #expect(try await world.record().status == (status == 204 ? .succeeded : .processing))
    }

    // MARK: 4. Replay

    @Test("a forged delivery burns no nonce: the true one that carries it is taken")
    func forgedNonce() async throws {
        try await world.unknown()
        let callback = world.callback(try world.news())
        #expect(await world.receiver.receive(try callback.posted(signedBy: Secret(text: "forger"))).status == 401)
        var late = callback
        late.time = (world.time.now() + .seconds(-301)).rfc3339WholeSeconds
        #expect(try await world.post(late).status == 401)
        #expect(try await world.post(callback) == .received)
        #expect(try await world.record().status == .succeeded)
    }

    @Test("a nonce that was seen is 409, whatever comes with it, and nothing is applied")
    func replayed() async throws {
        try await world.unknown()
        let first = world.callback(try world.news("PENDING"))
        #expect(try await world.post(first) == .received)
        #expect(try await world.post(first) == CallbackReply(status: 409))
        var other = world.callback(try world.news { $0.eventID = "evt_2" })
        other.nonce = first.nonce
        #expect(try await world.post(other) == CallbackReply(status: 409))
        #expect(try await world.record().processingReason == .awaitingGateway)
        #expect(world.results == ["applied", "replayed", "replayed"])
    }

    @Test("a replay is 409 also when the payment has moved on")
    func replayedLate() async throws {
        try await world.unknown()
        let first = world.callback(try world.news("PENDING"))
        #expect(try await world.post(first) == .received)
        #expect(try await world.post(world.news { $0.eventID = "evt_2" }) == .received)
        let before = try await world.record()
        #expect(try await world.post(first) == CallbackReply(status: 409))
        #expect(try await world.record() == before)
        #expect(try await world.told("callback_stale") == 0)
    }

    @Test("a delivery that could not be stored passes when it is repeated as it was")
    func crashed() async throws {
        try await world.unknown()
        let callback = world.callback(try world.news())
        world.store.fail([.settle], .away)
        #expect(try await world.post(callback) == CallbackReply(status: 503, retryAfter: 1))
        world.store.heal()
        try await expectUntouched()
        #expect(try await world.post(callback) == .received)
        #expect(try await world.record().status == .succeeded)
    }

    @Test("where its nonce could not be set free either, it passes once the reservation has run out")
    func reserved() async throws {
        try await world.unknown()
        let callback = world.callback(try world.news())
        world.store.fail([.settle], .away)
        world.callbacks.fail(.release)
        #expect(try await world.post(callback).status == 503)
        world.store.heal()
        world.callbacks.heal()
        world.time.advance(by: .milliseconds(9_999))
        #expect(try await world.post(callback) == CallbackReply(status: 409))
        try await expectUntouched()
        world.time.advance(by: .milliseconds(1))
        #expect(try await world.post(callback) == .received)
        #expect(try await world.record().status == .succeeded)
    }

    @Test("a nonce stays refused for as long as its time-stamp would pass", arguments: [-300, 0, 300])
    func refusedThroughout(age: Int) async throws {
        world.time.advance(by: .seconds(1_000))
        try await world.unknown()
        var callback = world.callback(try world.news("PENDING"))
        callback.time = (world.time.now() + .seconds(-age)).rfc3339WholeSeconds
        #expect(try await world.post(callback) == .received)
        for _ in stride(from: age, through: 300, by: 10) {
            #expect(try await world.post(callback) == CallbackReply(status: 409))
            world.time.advance(by: .seconds(10))
        }
        #expect(try await world.post(callback) == CallbackReply(status: 401))
    }

    @Test("nonces and event ids count for their gateway alone")
    func perGateway() async throws {
        world.bank.script(.notTaken, .lost, .silence)
        _ = try await world.pay()
        let first = world.callback(try world.news("PENDING"), at: "bank-a")
        #expect(try await world.post(first) == .received)
        var second = world.callback(try world.news(), at: "bank-b")
        second.nonce = first.nonce
        #expect(try await world.post(second) == .received)
        let record = try await world.record()
        #expect(record.status == .succeeded)
        #expect(record.gateway == "bank-b")
    }

    // MARK: 5. Parse

    private static let unreadable: [String] = [
        "", "{", "[]", "null", "no secret of Ana Souza", #"{"event_id":"evt_1"}"#,
        #"{"event_id":"evt_1","type":"charge.updated","data":{"reference":"pay_1"}}"#,
        #"{"event_id":"evt_1","type":"payout.updated","data":{}}"#,
        #"{"event_id":"evt_1","event_id":"evt_1","type":"charge.updated","data":{}}"#,
    ]

    @Test("a signed body that cannot be read is 400, and kept once however often it comes", arguments: unreadable)
    func malformed(body: String) async throws {
        try await world.unknown()
        for event in ["evt_1", "evt_1", "evt_2"] {
            #expect(try await world.post(world.callback(body: body, eventID: event)) == CallbackReply(status: 400))
        }
        let kept = try await world.kept(.malformed)
        #expect(kept.map(\.gateway) == ["bank-a"])
        #expect(kept.first?.eventID == "evt_1")
        #expect(try await world.record().status == .processing)
        #expect(try await world.post(world.callback(body: body, at: "bank-b")) == CallbackReply(status: 400))
        #expect(try await world.kept(.malformed).map(\.gateway) == ["bank-a", "bank-b"])
    }

    @Test("an event id in the body that is not the signed one is 400")
    func otherEventID() async throws {
        try await world.unknown()
        var callback = world.callback(try world.news())
        callback.eventID = "evt_2"
        #expect(try await world.post(callback) == CallbackReply(status: 400))
        #expect(try await world.record().status == .processing)
        #expect(try await world.kept(.malformed).count == 1)
    }

    @Test("what is kept of it, and what is logged, holds no clear text")
    func encrypted() async throws {
        let secret = "Ana Souza 4111111111111111"
        _ = try await world.post(world.callback(body: secret))
        _ = try await world.post(world.callback(try world.news { $0.currency = "JPY" }))
        let kept = try await world.kept(.malformed) + world.kept()
        try #require(kept.count == 2)
        for callback in kept {
            let sealed = String(decoding: callback.sealed, as: UTF8.self)
            for word in ["Souza", "4111111111111111", "JPY", "charge", "X-Signature", "v1="] { #expect(!sealed.contains(word)) }
            #expect(throws: VaultFailure.self) { try world.vault.open(callback.sealed, for: "cb_another") }
        }
        let opened = String(decoding: try world.vault.open(kept[0].sealed, for: kept[0].id.text), as: UTF8.self)
        #expect(opened.contains("X-Signature"))
        #expect(!world.log.lines.contains { $0.contains("Souza") || $0.contains("4111111111111111") })
    }

    // MARK: 6. Store, then answer

    @Test("an event that was applied is acknowledged again and applied once")
    func repeated() async throws {
        try await world.unknown()
        for _ in 0..<3 { #expect(try await world.post(world.news()) == .received) }
        #expect(try await world.told("payment.succeeded") == 1)
        #expect(try await world.told("callback_stale") == 0)
        #expect(world.results == ["applied", "duplicate", "duplicate"])
    }

    @Test("two deliveries of one event at the same time are both acknowledged, and it is applied once", arguments: [0, 1])
    func concurrent(milliseconds: Int) async throws {
        let world = world
        try await world.unknown()
        let version = try await world.record().version
        let arrivals = [Gate(), Gate()]
        let count = Mutex(0)
        world.store.before(.settle) {
            let number = count.withLock { count in
                count += 1
                return count
            }
            if number <= 2 { arrivals[number - 1].open() }
            await arrivals[1].passed()
        }
        let news = try world.news()
        async let first = world.post(news)
        await arrivals[0].passed()
        world.time.advance(by: .milliseconds(milliseconds))
        async let second = world.post(news)
        #expect(try await [first, second] == [.received, .received])
        #expect(try await world.told("payment.succeeded") == 1)
        #expect(try await world.told("callback_stale") == 0)
        #expect(try await world.record().version == version + 1)
    }

    @Test("an event that says nothing new is noted once")
    func noted() async throws {
        _ = try await world.paid()
        for _ in 0..<2 { #expect(try await world.post(world.news("PENDING")) == .received) }
        #expect(try await world.told("callback_stale") == 1)
        #expect(try await world.record().status == .succeeded)
        #expect(world.results == ["stale", "duplicate"])
    }

    // MARK: The store

    enum Away: Sendable, CaseIterable {
        case claim, isKnown, read, settle, remember, all

        func happens(to world: World) {
            switch self {
            case .claim: world.callbacks.fail(.claim)
            case .isKnown: world.callbacks.fail(.isKnown)
            case .read: world.store.fail([.read], .away)
            case .settle: world.store.fail([.settle], .away)
            case .remember: world.callbacks.fail(.remember)
            case .all:
                world.store.fail(FaultyStore.Step.allCases, .away)
                world.callbacks.fail(.claim, .release, .remember, .isKnown, .bind, .find, .keep, .drop, .decide, .read)
            }
        }
    }

    @Test("while the store is away it is 503, whichever step needs it; the repeat is applied once", arguments: Away.allCases)
    func storeAway(away: Away) async throws {
        try await world.unknown()
        let callback = world.callback(try world.news())
        away.happens(to: world)
        #expect(try await world.post(callback) == CallbackReply(status: 503, retryAfter: 1))
        world.store.heal()
        world.callbacks.heal()
        #expect(try await world.post(callback) == .received)
        #expect(try await world.record().status == .succeeded)
        #expect(try await world.told("payment.succeeded") == 1)
    }

    @Test("a settle whose reply was lost is 503, and its repeat is acknowledged and applied once (P4)")
    func settleReplyLost() async throws {
        try await world.unknown()
        let callback = world.callback(try world.news())
        world.store.fail([.settle], .replyLost, times: 1)
        #expect(try await world.post(callback).status == 503)
        #expect(try await world.post(callback) == .received)
        #expect(try await world.told("payment.succeeded") == 1)
        #expect(try await world.told("callback_stale") == 0)
    }

    @Test(
        "what cannot be kept is not acknowledged", arguments: [FaultyCallbackStore.Step.keep, .find, .isKnown, .remember, .claim])
    func notKept(step: FaultyCallbackStore.Step) async throws {
        let news = BankNews(charge: nil, bankReference: "bank-7")
        world.callbacks.fail(step)
        #expect(try await world.post(news) == CallbackReply(status: 503, retryAfter: 1))
        world.callbacks.heal()
        #expect(try await world.post(news) == .received)
        #expect(try await world.kept().count == 1)
    }

    @Test("a malformed one that cannot be kept is not refused for good either")
    func malformedNotKept() async throws {
        world.callbacks.fail(.keep)
        #expect(try await world.post(world.callback(body: "{")) == CallbackReply(status: 503, retryAfter: 1))
        world.callbacks.heal()
        #expect(try await world.post(world.callback(body: "{")) == CallbackReply(status: 400))
        #expect(try await world.kept(.malformed).count == 1)
    }

    @Test("while the service drains it is 503")
    func draining() async throws {
        try await world.unknown()
        world.inFlight.close()
        #expect(try await world.post(world.news()) == CallbackReply(status: 503, retryAfter: 1))
        try await expectUntouched()
    }

    @Test("as many as may be kept of a gateway: 503 with Retry-After and a critical line, nothing dropped, and others go on")
    func inboxFull() async throws {
        try await fillInbox()
        for callback in [world.callback(try world.news()), world.callback(body: "{")] {
            #expect(try await world.post(callback) == CallbackReply(status: 503, retryAfter: 60))
        }
        #expect(world.log.lines.count { $0.hasPrefix("critical") && $0.contains("refused_full") } == 2)
        let shelf = KeptCallbackShelf(gateway: "bank-a", kind: .unmatched)
        #expect(try await world.callbacks.tally() == [shelf: KeptCallback.maximumPerGateway])
        #expect(try await world.post(world.news(), at: "bank-b") == .received)
        try await world.unknown()
        #expect(try await world.post(world.news()) == .received)
        #expect(try await world.record().status == .succeeded)
    }

    private func fillInbox() async throws {
        for number in 0..<KeptCallback.maximumPerGateway {
            let digits = String(number)
            let id = CallbackID.prefix + String(repeating: "0", count: 26 - digits.utf8.count) + digits
            let kept = KeptCallback(
                id: try #require(CallbackID(id)), gateway: "bank-a", kind: .unmatched, eventID: nil, subject: nil, outcome: nil,
                receivedAt: world.time.now(), sealed: [])
            try #require(try await world.callbacks.keep(kept, limit: KeptCallback.maximumPerGateway) == .kept)
        }
    }

    // MARK: Alerts

    @Test("a success under a reference of our form that matches nothing is a critical line")
    func alert() async throws {
        #expect(try await world.post(world.news { $0.charge = World.nobodys }) == .received)
        let lines = world.log.lines.filter { $0.hasPrefix("critical") }
        #expect(lines.count == 1)
        #expect(lines.first?.contains(World.nobodys) == true)
    }

    @Test(
        "any other word that matches nothing is none",
        arguments: [
            ("PENDING", World.nobodys), ("DECLINED", World.nobodys), ("ACTION_REQUIRED", World.nobodys), ("APPROVED", "order-1"),
            ("APPROVED", nil),
        ] as [(String, String?)])
    func noAlert(status: String, charge: String?) async throws {
        #expect(try await world.post(world.news(status) { $0.charge = charge }) == .received)
        #expect(try await world.kept().count == 1)
        #expect(!world.log.lines.contains { $0.hasPrefix("critical") })
    }
}
