import AdapterKit
import BankHMAC
import TestKit
import Testing

@testable import Payments

@Suite("Gateways that know no reference but their own (O3, O4)", .timeLimit(.minutes(1)))
struct ShyGatewayTests {
    private static let token = JSON.payment(
        ("method", .members([("type", .string("card")), ("card", .members([("token", .string("tok_1"))]))])))
    private static let authorization = token.with("capture", .string("manual"))
    private static let shy: (a: any GatewayAdapter.Type, b: any GatewayAdapter.Type) = (ShyAdapter.self, BankHMACAdapter.self)

    private func world(
        retries: Int = 0, route: [String] = ["bank-a", "bank-b"], softDeclines: Set<FailureCategory> = [],
        adapters: (a: any GatewayAdapter.Type, b: any GatewayAdapter.Type) = shy
    ) throws -> World {
        try World(route: route, policy: .init(maximumRetries: retries), softDeclines: softDeclines, adapters: adapters)
    }

    @Test("an answer that was lost is asked for by the same request under the same reference, and nowhere else")
    func repeated() async throws {
        let world = try world()
        world.bank.script(.lost)
        #expect(try await world.pay(Self.token).status == 202)
        world.time.advance(by: .seconds(2))
        world.bank.script(.charge("APPROVED"))
        await world.recover()
        #expect(world.sent == ["POST /v1/charges", "POST /v1/charges"])
        #expect(world.hosts == ["bank-a.test", "bank-a.test"])
        #expect(Set(world.bank.sent.map(\.request.body)).count == 1)
        #expect(try await world.record().status == .succeeded)
    }

    @Test("from three quarters of the reference's life on nothing is sent any more (O3)")
    func tooOld() async throws {
        let world = try world()
        world.bank.script(.lost)
        #expect(try await world.pay(Self.token).status == 202)
        world.time.advance(by: .seconds(18 * 3_600))
        await world.recover()
        #expect(world.sent.count == 1)
        #expect(try await world.record().status == .processing)
    }

    @Test("what it has taken is asked about by its own reference")
    func asked() async throws {
        let world = try world()
        world.bank.script(.charge("PENDING"))
        #expect(try await world.pay(Self.token).status == 202)
        world.time.advance(by: .seconds(2))
        world.bank.script(.charge("APPROVED"))
        await world.recover()
        #expect(world.sent == ["POST /v1/charges", "GET /v1/charges/\(try world.id())"])
        #expect(world.bank.sent.last?.request.headers.single("X-Bank-Reference") == "bank-1")
        #expect(try await world.record().status == .succeeded)
    }

    @Test("its \"not found\" proves nothing, however late")
    func notFound() async throws {
        let world = try world()
        world.bank.script(.charge("PENDING"))
        #expect(try await world.pay(Self.token).status == 202)
        world.time.advance(by: .seconds(20 * 3_600))
        world.bank.script(.notFound)
        await world.recover()
        #expect(try await world.record().status == .processing)
        #expect(Set(world.hosts) == ["bank-a.test"])
    }

    @Test("a refund that cannot be asked about is repeated under its reference, also by recovery")
    func refund() async throws {
        let world = try world()
        let id = try await world.paid(Self.token)
        world.bank.script(.lost)
        #expect(try await world.operate(.refund, on: id).status == 202)
        world.time.advance(by: .seconds(2))
        world.bank.script(.refund("APPROVED", amount: 1_000))
        await world.recover()
        let refunds = world.bank.sent.filter { $0.request.target.hasSuffix("/refunds") }
        #expect(refunds.count == 2)
        #expect(Set(refunds.map(\.request.body)).count == 1)
        #expect(world.sent.count == 3)
        #expect(try await world.record().amountRefunded == 1_000)
    }

    @Test("a refund is not repeated once three quarters of its reference's life are over")
    func oldRefund() async throws {
        let world = try world()
        let id = try await world.paid(Self.token)
        world.bank.script(.lost)
        #expect(try await world.operate(.refund, on: id).status == 202)
        world.time.advance(by: .seconds(18 * 3_600))
        await world.recover()
        #expect(world.sent.count == 2)
    }

    @Test("what it takes late, after the payment has gone on, is asked for and given back by its own reference (R6)")
    func lateSuccess() async throws {
        let world = try world(softDeclines: [.issuerUnavailable])
        world.bank.script(.charge("DECLINED", code: "91"), .charge("AUTHORIZED"))
        #expect(try await world.pay(Self.authorization).status == 201)
        #expect(world.hosts == ["bank-a.test", "bank-b.test"])
        let approval = Approval(
            state: .authorized, gatewayReference: "late-1",
            money: Money(minorUnits: 1_000, currency: try #require(Currency("EUR"))))
        #expect(try await world.hear(.approved(approval)) == .applied)
        world.time.advance(by: .seconds(2))
        world.bank.script(.charge("AUTHORIZED"), .charge("VOIDED"))
        await world.recover()
        let id = try world.id()
        #expect(world.sent.suffix(2) == ["GET /v1/charges/\(id)", "POST /v1/charges/\(id)/voids"])
        #expect(world.bank.sent.dropLast().last?.request.headers.single("X-Bank-Reference") == "late-1")
        #expect(try await world.record().attempts.first?.resolution == .reversed)
        #expect(try await world.record().gateway == "bank-b")
    }

    @Test("a success that comes after the payment has failed there is given back by the reference that it brings (R6)")
    func afterFailure() async throws {
        let world = try world(route: ["bank-a"])
        world.bank.script(.lost)
        #expect(try await world.pay(Self.authorization).status == 202)
        #expect(try await world.hear(.declined(Decline(category: .doNotHonor, code: nil, message: nil))) == .applied)
        try #require(try await world.record().status == .failed)
        let approval = Approval(
            state: .authorized, gatewayReference: "late-1",
            money: Money(minorUnits: 1_000, currency: try #require(Currency("EUR"))))
        #expect(try await world.hear(.approved(approval)) == .applied)
        world.time.advance(by: .seconds(2))
        world.bank.script(.charge("AUTHORIZED"), .charge("VOIDED"))
        await world.recover()
        #expect(world.bank.sent.dropLast().last?.request.headers.single("X-Bank-Reference") == "late-1")
        #expect(world.sent.last == "POST /v1/charges/\(try world.id())/voids")
        #expect(try await world.record().attempts.first?.resolution == .reversed)
    }

    @Test("what a gateway's protocol cannot say is no reason to fail a payment that others may take")
    func unspeakable() async throws {
        let world = try world(adapters: (BankHMACAdapter.self, ShyAdapter.self))
        world.bank.script(.notTaken)
        let answer = try await world.pay(Self.token.with("description", .string("unspeakable")))
        #expect(answer.state == "queued")
        #expect(world.hosts == ["bank-a.test"])
    }

    @Test("what the first gateway's protocol cannot say is the caller's to mend, and nothing is stored")
    func unspeakableAtFirst() async throws {
        let world = try world()
        let answer = try await world.pay(Self.token.with("description", .string("unspeakable")))
        #expect(answer.status == 422)
        #expect(answer.text.contains("description"))
        #expect(world.sent.isEmpty)
        #expect(try await world.store.payment(try world.id(), tenant: "acme") == nil)
    }
}

/// The real adapter at a bank that says how long after an action's end it may still be taken.
private struct PromptAdapter: GatewayAdapter {
    static let name = BankHMACAdapter.name
    static let summary = BankHMACAdapter.summary
    static let settings = BankHMACAdapter.settings
    static let loggableMembers = BankHMACAdapter.loggableMembers

    private let real: BankHMACAdapter

    init(settings: AdapterSettings) throws(SettingsFailure) { real = try BankHMACAdapter(settings: settings) }

    var authentication: Authentication { real.authentication }
    var account: [String] { real.account }

    var capabilities: Capabilities {
        var capabilities = real.capabilities
        capabilities.lateSuccess = .within(.seconds(86_400))
        capabilities.lateSuccessAfterExpiry = .seconds(10)
        return capabilities
    }

    func request(for operation: Operation) throws(EncodingFailure) -> GatewayRequest { try real.request(for: operation) }
    func outcome(of response: GatewayResponse, for operation: Operation) -> Outcome { real.outcome(of: response, for: operation) }
    func inquiryAnswer(of response: GatewayResponse, for operation: Operation) -> InquiryAnswer {
        real.inquiryAnswer(of: response, for: operation)
    }
}

@Suite("Payments whose payer must act (R4)", .timeLimit(.minutes(1)))
struct PayerActionTests {
    private static let expiry = "2026-01-01T00:01:00Z"
    private static let action = JSON.members([
        ("type", .string("display_qr")), ("qr_payload", .string("0002")), ("expires_at", .string(expiry)),
    ])

    private func waiting(_ adapter: any GatewayAdapter.Type = BankHMACAdapter.self, retries: Int = 0) async throws -> World {
        let world = try World(policy: .init(maximumRetries: retries), adapters: (adapter, BankHMACAdapter.self))
        world.bank.script(.charge("ACTION_REQUIRED", action: Self.action))
        try #require(try await world.pay().state == "requires_action")
        return world
    }

    private func look(_ world: World, after wait: Duration, _ steps: FakeTransport.Step...) async {
        world.time.advance(by: wait)
        for step in steps { world.bank.script(step) }
        await world.recover()
    }

    @Test("an action that has expired ends nothing while a success may still come")
    func expired() async throws {
        let world = try await waiting()
        await look(world, after: .seconds(359), .charge("ACTION_REQUIRED", action: Self.action))
        #expect(try await world.record().status == .requiresAction)
    }

    @Test("past its expiry and its late success it ends, and what is still offered to the payer there is taken away")
    func lapsed() async throws {
        let world = try await waiting()
        await look(world, after: .seconds(361), .charge("ACTION_REQUIRED", action: Self.action))
        let record = try await world.record()
        #expect(record.status == .failed)
        #expect(record.failure?.category == .expired)
        await look(world, after: .seconds(2), .charge("ACTION_REQUIRED", action: Self.action), .charge("VOIDED"))
        #expect(world.sent.suffix(2) == ["GET /v1/charges/\(record.id)", "POST /v1/charges/\(record.id)/voids"])
    }

    @Test("where the gateway says how long after its end an action may still be taken, that is what is waited for")
    func prompt() async throws {
        let world = try await waiting(PromptAdapter.self)
        await look(world, after: .seconds(69), .charge("ACTION_REQUIRED", action: Self.action))
        #expect(try await world.record().status == .requiresAction)
        await look(world, after: .seconds(300), .charge("ACTION_REQUIRED", action: Self.action))
        #expect(try await world.record().failure?.category == .expired)
    }

    @Test("a void of what the gateway has given up meanwhile is refused, and ends")
    func voidOfDeclined() async throws {
        let world = try await waiting()
        world.bank.script(.lost, .charge("DECLINED", code: "54"))
        #expect(try await world.operate(.void, on: try world.id()).status == 409)
        #expect(try await world.stored().reservations.capturing == nil)
    }

    @Test("a void whose answer was lost is repeated where the payer may still act")
    func lostVoid() async throws {
        let world = try await waiting(retries: 1)
        let id = try world.id()
        world.bank.script(.lost, .charge("ACTION_REQUIRED", action: Self.action), .charge("VOIDED"))
        let answer = Task { try await world.operate(.void, on: id) }
        await world.pause(of: .seconds(2))
        #expect(try await answer.value.status == 200)
        #expect(world.sent.filter { $0.hasSuffix("/voids") }.count == 2)
        #expect(try await world.record().status == .canceled)
    }

    @Test("a void that came too late for a charge is refused, whether or not its payment is known to have succeeded by then")
    func lateVoid() async throws {
        for isTold in [false, true] {
            let world = try await waiting()
            let id = try world.id()
            let held = Gate()
            world.bank.script(.held(by: held, then: .lost), .charge("APPROVED"))
            let answer = Task { try await world.operate(.void, on: id) }
            await world.bank.sent(atLeast: 2)
            if isTold {
                let money = Money(minorUnits: 1_000, currency: try #require(Currency("EUR")))
                _ = try await world.hear(.approved(Approval(state: .captured, gatewayReference: nil, money: money)))
            }
            held.open()
            #expect(try await answer.value.status == 409)
            #expect(try await world.record().deadLetter == nil)
            #expect(try await world.record().status == (isTold ? .succeeded : .requiresAction))
        }
    }
}
