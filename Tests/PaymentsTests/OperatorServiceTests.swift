import AdapterKit
import BankHMAC
import Logging
import TestKit
import Testing

@testable import Payments

@Suite("What operators ask and change")
struct OperatorServiceTests {
    private static let keeping = Keeping(retention: .seconds(100), keys: .seconds(400))
    private let time = ManualTime(start: OperatorSample.start + .seconds(60))
    private let vault: Vault
    private let id: WorkID
    private let gateway: Gateway

    init() throws {
        let key = try #require(Vault.Key(id: "k", secret: Secret(Array(repeating: 7, count: 32))))
        vault = Vault(first: key, random: SeededRandom())
        id = WorkID(try #require(PaymentID(OperatorSample.id)))
        let settings = AdapterSettings(
            values: .members([("tenant", .string("t")), ("key_id", .string("k")), ("secret", .string("s"))])
        ) { Secret(text: $0) }
        gateway = Gateway(
            name: "bank-a", adapter: try BankHMACAdapter(settings: settings),
            endpoint: Endpoint(
                scheme: .https, host: "bank.example", port: 443, basePath: "", authorities: .system, minimumTLS: .v13,
                connectTimeout: .seconds(1), attemptTimeout: .seconds(3)))
    }

    private func service(_ store: any PaymentStore) -> OperatorService {
        OperatorService(
            store: store, routing: Routing(routes: [], gateways: [gateway], allowed: [:]), vault: vault, time: time,
            keeping: Self.keeping, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func redrive(_ store: OperatorStore, _ id: WorkID? = nil) async throws(Problem) -> JSON {
        try await service(store).redrive(id ?? self.id, try RedriveOrder(.object([])), by: "ann")
    }

    private func code(_ body: () async throws(Problem) -> JSON) async -> Problem.Code? {
        do {
            _ = try await body()
            return nil
        } catch { return error.code }
    }

    /// Unknown at bank-a, as it is configured now.
    private func unknown() throws -> PaymentRecord {
        try OperatorSample.payment(attempts: [OperatorSample.attempt(1, .unknown, identity: gateway.identity)])
    }

    // MARK: Redriving

    @Test("redrive settles once, wakes recovery and says who did it")
    func redrives() async throws {
        let store = OperatorStore(try unknown())
        let order = try RedriveOrder(.members([("reason", .string("bank is back"))]))
        let json = try await service(store).redrive(id, order, by: "ann")
        #expect(json["status"]?.text == "processing")
        #expect(json["reason"]?.text == "outcome_unknown")
        let settlement = try #require(store.settlements.first)
        #expect(store.settlements.count == 1)
        #expect(settlement.expectedVersion == 3)
        #expect(settlement.record.version == 4)
        #expect(settlement.record.updatedAt == time.now())
        #expect(settlement.wake == .zero)
        #expect(settlement.fixed == nil)
        #expect(
            settlement.history == [
                HistoryEntry(
                    at: time.now(), version: 4, event: "redriven", cause: .operator, actor: "ann", gateway: "bank-a",
                    from: "manual_review", to: "processing", reason: "bank is back")
            ])
    }

    @Test("redrive of an operation wakes it, and its payment only where that has something to do")
    func redrivesOperation() async throws {
        for (status, wake) in [(PaymentRecord.Status.processing, Duration.zero), (.succeeded, nil)] as [(_, Duration?)] {
            var payment = try OperatorSample.payment(status, nil)
            payment.schedule = nil
            let store = OperatorStore(payment, try OperatorSample.operation(.refund))
            let work = try #require(WorkID("\(OperatorSample.id)/\(OperatorSample.refundID)"))
            let json = try await redrive(store, work)
            #expect(json["id"]?.text == work.description)
            let settlement = try #require(store.settlements.first)
            #expect(settlement.wake == wake)
            #expect(settlement.operation?.wake == .zero)
            #expect(settlement.operation?.record.status == .processing)
            #expect(settlement.history.first?.operation == work.operation)
            #expect(settlement.history.first?.from == "manual_review")
        }
    }

    @Test("a change that somebody else overtook is made again on what there is then")
    func overtaken() async throws {
        let store = OperatorStore(try unknown()) { state in
            state.overtaking = [
                {
                    $0.payment.record.attempts[0].resolution = .notHeld
                    $0.payment.record.gateway = nil
                }
            ]
        }
        let json = try await redrive(store)
        #expect(json["status"]?.text == "queued", "not what it was when it was read first")
        #expect(store.settlements.map(\.expectedVersion) == [4])
    }

    @Test("a dead letter that somebody else took away meanwhile is none any more")
    func takenAway() async throws {
        let store = OperatorStore(try unknown()) { $0.overtaking = [{ $0.payment.record.deadLetter = nil }] }
        #expect(await code { () async throws(Problem) in try await redrive(store) } == .invalidState)
        #expect(store.settlements.isEmpty)
    }

    @Test("a payment that never stands still is given up on")
    func restless() async throws {
        let store = OperatorStore(try unknown()) { $0.overtaking = Array(repeating: { _ in }, count: 100) }
        #expect(await code { () async throws(Problem) in try await redrive(store) } == .invalidState)
        #expect(store.settlements.isEmpty)
    }

    @Test(
        "what must be asked about at a gateway that is gone or another one now is not redriven",
        arguments: [
            ("bank-z", nil as String?), ("bank-a", "another identity"),
        ])
    func missingGateway(name: String, identity: String?) async throws {
        let record = try OperatorSample.payment(attempts: [OperatorSample.attempt(1, at: name, .unknown, identity: identity)])
        let store = OperatorStore(record)
        #expect(await code { () async throws(Problem) in try await redrive(store) } == .invalidState)
        #expect(store.settlements.isEmpty)
    }

    @Test("what is not there is not found")
    func missing() async throws {
        #expect(await code { () async throws(Problem) in try await redrive(OperatorStore(nil)) } == .notFound)
        let operation = try #require(WorkID("\(OperatorSample.id)/\(OperatorSample.refundID)"))
        let store = OperatorStore(try unknown())
        #expect(await code { () async throws(Problem) in try await redrive(store, operation) } == .notFound)
    }

    @Test(
        "a store that fails is told as what it is",
        arguments: [
            (StoreFailure.Code.unreadable, Problem.Code.invalidState), (.unreachable, .stateStoreUnavailable),
            (.timeout, .stateStoreUnavailable), (.refused, .stateStoreUnavailable), (.full, .stateStoreUnavailable),
        ])
    func failing(failure: StoreFailure.Code, expected: Problem.Code) async throws {
        let store = OperatorStore(try unknown()) { $0.failure = StoreFailure(code: failure, detail: "") }
        #expect(await code { () async throws(Problem) in try await redrive(store) } == expected)
    }

    // MARK: Discarding

    @Test("discard drops the card number, keeps who vouched for what, and has the gateway watched for a late success")
    func discards() async throws {
        var record = try unknown()
        record.sealed = try details().sealed(for: record.id, vault: vault)
        let store = OperatorStore(record)
        let json = try await service(store).discard(id, try OperatorSample.discard(.failed), by: "ann@ops")
        #expect(json["status"]?.text == "failed")
        let settlement = try #require(store.settlements.first)
        #expect(settlement.wake == .zero, "R6: what was said to be not held may still come")
        #expect(settlement.history.map(\.event) == ["discarded"])
        #expect(settlement.history.first?.actor == "ann@ops")
        #expect(settlement.history.first?.reason == "asked the bank")
        let kept = try PaymentDetails(sealed: settlement.record.sealed, of: record.id, vault: vault)
        #expect(kept.method["card"]?["number"] == nil)
        #expect(kept.description == "tea")
    }

    /// Those of a queued payment.
    private func details() throws -> PaymentDetails {
        let request = try PaymentRequest(
            .members([
                ("amount", .integer(1_000)), ("currency", .string("BRL")), ("reference", .string("order-1")),
                ("description", .string("tea")),
                (
                    "method",
                    .members([
                        ("type", .string("card")),
                        (
                            "card",
                            .members([
                                ("number", .string("4111111111111111")), ("exp_month", .integer(12)),
                                ("exp_year", .integer(2030)),
                            ])
                        ),
                    ])
                ),
            ]))
        let details = PaymentDetails(request, keepingCardNumber: true)
        #expect(details.method["card"]?["number"] != nil)
        return details
    }

    @Test("a payment whose details no key opens can be discarded all the same")
    func sealedForever() async throws {
        var record = try OperatorSample.payment(.manualReview, .unreadable)
        record.sealed = [9, 9, 9]
        let store = OperatorStore(record)
        _ = try await service(store).discard(id, try OperatorSample.discard(), by: "ann")
        #expect(store.settlements.first?.record.status == .failed)
        #expect(store.settlements.first?.record.sealed == [9, 9, 9])
        #expect(store.settlements.first?.wake == nil, "no gateway was tried")
    }

    @Test("what somebody is at work on is not discarded")
    func leased() async throws {
        let store = OperatorStore(try unknown()) { $0.work?.payment.holder = "somebody" }
        let order = try OperatorSample.discard(.failed)
        #expect(
            await code { () async throws(Problem) in try await service(store).discard(id, order, by: "ann") } == .invalidState)
        #expect(store.settlements.isEmpty)
    }

    // MARK: Looking

    @Test("a page shows attempts and history, and nothing that is personal")
    func page() async throws {
        let record = try unknown()
        let store = OperatorStore(record) { state in
            let entry = HistoryEntry(at: OperatorSample.start, version: 2, event: "payment.manual_review", cause: .response)
            state.history = Array(repeating: entry, count: OperatorService.historyShown + 5)
            state.items = [.init(id: id, work: state.work), .init(id: id, work: nil)]
        }
        let page = try await service(store).deadLetters(after: nil, limit: 10)
        #expect(page["next"]?.text == "more")
        #expect(page["as_of"]?.text == time.now().rfc3339)
        let items = try #require(page["data"]?.elements)
        #expect(items.count == 2)
        #expect(items[0]["since"]?.text == OperatorSample.start.rfc3339)
        #expect(items[0]["kind"]?.text == "payment")
        #expect(items[0]["reason"]?.text == "outcome_unknown")
        #expect(items[0]["attempts"]?.elements?.first?["outcome"]?.text == "unknown")
        #expect(items[0]["history"]?.elements?.count == OperatorService.historyShown)
        let names = Set(items[0].members?.map(\.name) ?? [])
        #expect(
            names == [
                "id", "kind", "payment", "tenant", "status", "reason", "since", "gateway", "amount", "currency", "attempts",
                "history",
            ])
        #expect(items[1]["reason"]?.text == "unreadable")
        #expect(Set(items[1].members?.map(\.name) ?? []) == names)
    }

    @Test("the history of a payment is told whole, and of none not at all")
    func history() async throws {
        let entry = HistoryEntry(at: OperatorSample.start, version: 1, event: "payment.processing", cause: .response)
        let store = OperatorStore(try unknown()) { $0.history = Array(repeating: entry, count: 40) }
        let told = try await AuditReview(store: store, log: MemoryAuditLog()).trail(of: id.payment)
        #expect(told["data"]?.elements?.count == 40)
        #expect(told["data"]?.elements?.first?["event"]?.text == "payment.processing")
        let none = OperatorStore(nil)
        let nothing = AuditReview(store: none, log: MemoryAuditLog())
        #expect(await code { () async throws(Problem) in try await nothing.trail(of: id.payment) } == .notFound)
    }
}

@Suite("What operators send")
struct OperatorOrderTests {
    private static func json(_ text: String) throws -> JSON { try JSON(parsing: Array(text.utf8)) }

    static let wrongDiscards = [
        "{}", "[]", "null", #"{"reason":""}"#, #"{"reason":"   "}"#, #"{"reason":7}"#, #"{"reason":"a\nb"}"#,
        #"{"reason":"\#(String(repeating: "x", count: 501))"}"#, #"{"reason":"r","outcome":"maybe"}"#,
        #"{"reason":"r","outcome":true}"#, #"{"reason":"r","gateway":""}"#, #"{"reason":"r","gateway":3}"#,
        #"{"reason":"r","why":"x"}"#,
    ]

    @Test("a discard that breaks a rule is refused", arguments: wrongDiscards)
    func discard(text: String) throws {
        let json = try Self.json(text)
        #expect { try DiscardOrder(json) } throws: { ($0 as? Problem)?.code == .validationFailed }
    }

    @Test("a discard is read, and a card number in its reason is not kept")
    func right() throws {
        let order = try DiscardOrder(
            try Self.json(#"{"reason":"card 4111111111111111","outcome":"succeeded","gateway":"bank-a"}"#))
        #expect(order.outcome == .succeeded)
        #expect(order.gateway == "bank-a")
        #expect(!order.reason.contains("4111111111111111"))
    }

    @Test(
        "a redrive that breaks a rule is refused",
        arguments: ["[]", #"{"reason":""}"#, #"{"reason":null}"#, #"{"outcome":"failed"}"#])
    func redrive(text: String) throws {
        let json = try Self.json(text)
        #expect { try RedriveOrder(json) } throws: { ($0 as? Problem)?.code == .validationFailed }
    }

    static let wrongBreakers = [
        "{}", "[]", #"{"state":"forced_open"}"#, #"{"reason":"r"}"#, #"{"state":"open","reason":"r"}"#,
        #"{"state":"half_open","reason":"r"}"#, #"{"state":"forced_open","reason":""}"#,
        #"{"state":"forced_open","reason":"r","for":"soon"}"#, #"{"state":"forced_open","reason":"r","for":60}"#,
        #"{"state":"forced_open","reason":"r","for":"0s"}"#, #"{"state":"forced_open","reason":"r","for":"8d"}"#,
        #"{"state":"closed","reason":"r","for":"10m"}"#, #"{"state":"forced_open","reason":"r","until":"x"}"#,
    ]

    /// Whole seconds and days are enough here.
    private static func duration(_ text: String) -> Duration? {
        guard let count = Int(text.dropLast()) else { return nil }
        return text.hasSuffix("s")
            ? .seconds(count) : text.hasSuffix("d") ? .seconds(count * 86_400) : text.hasSuffix("m") ? .seconds(count * 60) : nil
    }

    @Test("an order to a breaker that breaks a rule is refused", arguments: wrongBreakers)
    func breaker(text: String) throws {
        let json = try Self.json(text)
        #expect { try BreakerChange(json, duration: Self.duration) } throws: { ($0 as? Problem)?.code == .validationFailed }
    }

    @Test("an order to a breaker is read")
    func rightBreaker() throws {
        let order = try BreakerChange(
            try Self.json(#"{"state":"forced_closed","reason":"r","for":"10m"}"#), duration: Self.duration)
        #expect(order.state == .forcedClosed)
        #expect(order.limit == .seconds(600))
    }
}
