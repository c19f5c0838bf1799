import AdapterKit
import TestKit
import Testing

@testable import Payments

@Suite("What is stored encrypted", .timeLimit(.minutes(1)))
struct EncryptionTests {
    private static let message = "Ana Souza has no money"
    private static let address = "https://bank.test/ana.souza/3ds"
    private let world: World

    init() throws { world = try World(route: ["bank-a", "bank-b"], softDeclines: [.insufficientFunds]) }

    private static func key(_ id: String) throws -> Vault.Key {
        let byte = try #require(id.utf8.last)
        return try #require(Vault.Key(id: id, secret: Secret([UInt8](repeating: byte, count: 32))))
    }

    /// The world's own key, by which it sealed all so far.
    private static func first() throws -> Vault.Key {
        try #require(Vault.Key(id: "v1", secret: Secret([UInt8](repeating: 7, count: 32))))
    }

    private static func keyID(of envelope: [UInt8]) -> String {
        envelope.count < 2 ? "" : String(decoding: envelope[2..<(2 + Int(envelope[1]))], as: UTF8.self)
    }

    private func operation(_ kind: OperationRecord.Kind, of id: PaymentID) async throws -> OperationRecord {
        let work = try await world.store.work(WorkID(id, try world.operation(kind, of: id)))
        return try #require(work?.operation?.record)
    }

    // MARK: A gateway's own words

    @Test("a gateway's message is shown to the caller and nowhere stored in clear")
    func message() async throws {
        world.bank.script(.charge("DECLINED", code: "05", message: Self.message))
        let answer = try await world.pay()
        #expect(answer.json["failure"]?["gateway_message"] == .string(Self.message))
        let record = try await world.record()
        #expect(!String(describing: record).contains("Ana"))
        #expect(record.failure?.gatewayCode == "05")
        let words = try #require(record.words)
        let plain = try world.vault.open(words.bytes, for: "\(record.id)#words")
        #expect(String(decoding: plain, as: UTF8.self).contains(Self.message))
        let read = await world.service.payment(record.id, call: world.call())
        #expect(read.json["failure"]?["gateway_message"] == .string(Self.message))
    }

    @Test("a decline that the route let move on keeps its message until the payment fails with it")
    func softDecline() async throws {
        world.bank.script(
            .charge("DECLINED", code: "51", message: Self.message), .lost, .silence)
        let answer = try await world.pay()
        #expect(answer.state == "processing")
        let record = try await world.record()
        #expect(record.softDecline?.gatewayCode == "51")
        #expect(!String(describing: record).contains("Ana"))
        world.time.advance(by: .seconds(400))
        world.bank.script(.notFound)
        await world.recover()
        let read = await world.service.payment(record.id, call: world.call())
        #expect(read.state == "failed")
        #expect(read.json["failure"]?["gateway_message"] == .string(Self.message))
    }

    @Test("where the payer must go is shown to the caller and nowhere stored in clear, and goes when it is over")
    func action() async throws {
        let action = JSON.members([
            ("type", .string("redirect")), ("url", .string(Self.address)), ("expires_at", .string("2027-01-01T00:00:00Z")),
        ])
        world.bank.script(.charge("ACTION_REQUIRED", action: action))
        let answer = try await world.pay()
        #expect(answer.json["next_action"]?["url"] == .string(Self.address))
        let record = try await world.record()
        #expect(!String(describing: record).contains("souza"))
        #expect(record.nextAction?.expiresAt == "2027-01-01T00:00:00Z")
        #expect(try await world.pay().json["next_action"]?["url"] == .string(Self.address))
        #expect(try await world.hear(.approved(.init(state: .captured, gatewayReference: nil, money: record.money))) == .applied)
        #expect(try await world.record().words == nil)
        #expect(try await world.record().status == .succeeded)
    }

    @Test("what an earlier version stored in clear is read, and sealed when it is written next")
    func clear() async throws {
        world.bank.script(.charge("DECLINED", code: "05", message: "other"))
        _ = try await world.pay()
        var record = try await world.record()
        record.words = nil
        record.failure?.gatewayMessage = Self.message
        record.version += 1
        let settlement = Settlement(
            record: record, expectedVersion: record.version - 1, keeping: Keeping(retention: .seconds(60), keys: .seconds(60)))
        #expect(try await world.store.settle(settlement) == .done)
        let read = await world.service.payment(record.id, call: world.call())
        #expect(read.json["failure"]?["gateway_message"] == .string(Self.message))
        #expect(try await world.record().failure?.gatewayMessage == Self.message)
        // A success that comes after all is given back: that is a write.
        _ = try await world.hear(.approved(.init(state: .captured, gatewayReference: nil, money: record.money)))
        #expect(try await world.record().version > record.version)
        #expect(!String(describing: try await world.record()).contains("Ana"))
        let again = await world.service.payment(record.id, call: world.call())
        #expect(again.json["failure"]?["gateway_message"] == .string(Self.message))
    }

    @Test("words that were exchanged with another record's, or with the rest of their own, stay closed")
    func exchanged() async throws {
        world.bank.script(.charge("DECLINED", code: "05", message: Self.message), .charge("DECLINED", code: "05", message: "b"))
        _ = try await world.pay()
        _ = try await world.pay(key: "key-2")
        let (one, two) = (try await world.record(), try await world.record("key-2"))
        for envelope in [two.words, Envelope(one.sealed)] {
            var record = try await world.record()
            record.words = envelope
            record.version += 1
            let settlement = Settlement(
                record: record, expectedVersion: record.version - 1,
                keeping: Keeping(retention: .seconds(60), keys: .seconds(60)))
            #expect(try await world.store.settle(settlement) == .done)
            let read = await world.service.payment(record.id, call: world.call())
            #expect(read.state == "failed")
            #expect(read.json["failure"]?["gateway_message"] == .null)
            #expect(world.log.lines.contains { $0.contains("record cannot be opened") && $0.contains("altered") })
        }
    }

    @Test("a settle whose reply was lost is known as the same when it is made again, words, newer key and all (R2)")
    func repeated() async throws {
        world.bank.script(.charge("DECLINED", code: "05", message: Self.message))
        _ = try await world.pay()
        world.vault.adopt(first: try Self.key("v2"), others: [try Self.first()])
        let store = SealingPaymentStore(world.store, world.vault, world.log.logger)
        var record = try #require(try await store.payment(try world.id(), tenant: "acme")).record
        #expect(record.failure?.gatewayMessage == Self.message)
        record.version += 1
        record.updatedAt = world.time.now()
        let settlement = Settlement(
            record: record, expectedVersion: record.version - 1, keeping: Keeping(retention: .seconds(60), keys: .seconds(60)))
        #expect(try await store.settle(settlement) == .done)
        #expect(try await store.settle(settlement) == .done)
        let kept = try await world.record()
        #expect(Self.keyID(of: kept.sealed) == "v2")
        #expect(kept.failure?.gatewayMessage == nil)
    }

    @Test("what a gateway repeats of a card that it was just sent is masked: a CVC that stands alone, a number wherever it is")
    func echo() async throws {
        let url = "https://bank.test/3ds?pan=4111111111111111"
        world.bank.script(
            .charge("DECLINED", code: "05", message: "cvc 737 of 4111111111111111 wrong, see 17370 and 737."),
            .charge("ACTION_REQUIRED", action: .members([("type", .string("redirect")), ("url", .string(url))])))
        let declined = try await world.pay()
        #expect(
            declined.json["failure"]?["gateway_message"]
                == .string("cvc <masked> of <masked> wrong, see 17370 and <masked>."))
        let acting = try await world.pay(key: "key-2")
        #expect(acting.json["next_action"]?["url"] == .string("https://bank.test/3ds?pan=masked"))
    }

    // MARK: Keys that roll over

    @Test("a record that is written under an older key is sealed again under the newest, its operation too")
    func renewed() async throws {
        let id = try await world.paid()
        let sealed = try await world.record().sealed
        #expect(Self.keyID(of: sealed) == "v1")
        world.vault.adopt(first: try Self.key("v2"), others: [try Self.first()])
        #expect(try await world.record().sealed == sealed)
        world.bank.script(.refund("PENDING", amount: 400))
        #expect(try await world.operate(.refund, on: id, amount: 400).status == 202)
        #expect(Self.keyID(of: try await world.record().sealed) == "v2")
        #expect(Self.keyID(of: try await operation(.refund, of: id).sealed) == "v2")
        world.vault.adopt(first: try Self.key("v3"), others: [try Self.key("v2")])
        let refund = try world.operation(.refund, of: id)
        let money = Money(minorUnits: 400, currency: try await world.record().money.currency)
        _ = try await world.hear(
            .approved(.init(state: .refunded, gatewayReference: nil, money: money)), refund: refund.text)
        #expect(Self.keyID(of: try await world.record().sealed) == "v3")
        #expect(Self.keyID(of: try await operation(.refund, of: id).sealed) == "v3")
        let read = await world.service.payment(id, call: world.call())
        #expect(read.json["amount_refunded"] == .integer(400))
    }

    @Test("a request is known again while its key is anywhere in the ring, and its answer replayed byte for byte (K2, K3)")
    func known() async throws {
        world.bank.script(.charge("APPROVED"))
        let answer = try await world.pay()
        world.vault.adopt(first: try Self.key("v2"), others: [try Self.key("v3"), try Self.first()])
        let again = try await world.pay()
        #expect(again.replayed && again.body == answer.body)
        #expect(try await world.pay(.payment(("amount", .integer(999)))).code == "idempotency_key_reused")
        #expect(world.bank.sent.count == 1)
    }

    // MARK: Keys that are not there (yet)

    @Test("a repeat whose key is not in the ring is told to come again, never that its key was used for something else")
    func unknownRepeat() async throws {
        world.bank.script(.charge("APPROVED"))
        let answer = try await world.pay()
        world.vault.adopt(first: try Self.key("v2"))
        let refused = try await world.pay()
        #expect(refused.status == 503)
        #expect(refused.code == "state_store_unavailable")
        #expect(refused.retryAfter != nil)
        #expect(world.bank.sent.count == 1)
        world.vault.adopt(first: try Self.key("v2"), others: [try Self.first()])
        #expect(try await world.pay().body == answer.body)
    }

    @Test("a refund's repeat is told the same")
    func unknownOperationRepeat() async throws {
        let id = try await world.paid()
        world.bank.script(.refund("APPROVED", amount: 400))
        let answer = try await world.operate(.refund, on: id, amount: 400)
        try #require(answer.status == 201)
        world.vault.adopt(first: try Self.key("v2"))
        #expect(try await world.operate(.refund, on: id, amount: 400).status == 503)
        world.vault.adopt(first: try Self.key("v2"), others: [try Self.first()])
        #expect(try await world.operate(.refund, on: id, amount: 400).body == answer.body)
    }

    @Test("a payment whose key is not in the ring is shown with what is known of it")
    func unknownShown() async throws {
        let id = try await world.paid(.payment(("description", .string("blue vase"))))
        world.vault.adopt(first: try Self.key("v2"))
        let read = await world.service.payment(id, call: world.call())
        #expect(read.status == 200)
        #expect(read.state == "succeeded")
        #expect(read.json["description"] == .null)
        #expect(read.json["method"] == .members([("type", .string("card"))]))
        let listed = await world.service.payments(reference: "order-1", limit: 10, call: world.call())
        #expect(listed.status == 200)
        #expect(world.log.lines.contains { $0.contains("error record cannot be opened") && $0.contains("unknown_key") })
    }

    @Test("a replica that lacks the newest key goes on paying, and captures, refunds and gives back what others have stored")
    func olderReplica() async throws {
        let newer = try World(route: ["bank-a", "bank-b"], beside: world)
        newer.vault.adopt(first: try Self.key("v2"), others: [try Self.first()])
        let id = try await newer.paid(.authorization)
        #expect(try await world.paid(key: "key-2").text.hasPrefix("pay_"))
        world.bank.script(.charge("APPROVED"))
        let captured = try await world.operate(.capture, on: id)
        #expect(captured.status == 200)
        #expect(captured.state == "succeeded")
        world.bank.script(.refund("APPROVED", amount: 400))
        #expect(try await world.operate(.refund, on: id, key: "op-2", amount: 400).status == 201)
        #expect(Self.keyID(of: try await world.record().sealed) == "v2")
    }

    @Test("an answer of which a part stayed closed is not fixed: it is told whole once the key is there")
    func notFixed() async throws {
        let id = try await world.paid(.authorization.with("description", .string("blue vase")))
        world.vault.adopt(first: try Self.key("v2"))
        world.bank.script(.charge("APPROVED"))
        let partial = try await world.operate(.capture, on: id)
        #expect(partial.json["description"] == .null)
        world.vault.adopt(first: try Self.key("v2"), others: [try Self.first()])
        let whole = try await world.operate(.capture, on: id)
        #expect(whole.status == 200)
        #expect(whole.json["description"] == .string("blue vase"))
    }

    // MARK: Work that cannot go on

    private static let cadence = Cadence(first: .seconds(2), factor: 1, max: .seconds(2), giveUpAfter: .seconds(3_600))

    /// A queued payment, and a world whose queue turns every two seconds.
    private func queued() async throws -> World {
        let world = try World(queue: Self.cadence)
        world.bank.script(.notTaken)
        try #require(try await world.pay().state == "queued")
        return world
    }

    private func turn(_ world: World, times: Int = 1) async {
        for _ in 0..<times {
            world.time.advance(by: .seconds(2))
            await world.recover()
        }
    }

    @Test("what is queued under a key that is not there is left to others for three turns, then it is a dead letter")
    func undecryptable() async throws {
        let world = try await queued()
        world.vault.adopt(first: try Self.key("v2"))
        await turn(world, times: 3)
        #expect(try await world.record().status == .queued)
        await turn(world)
        let record = try await world.record()
        #expect(record.status == .manualReview)
        #expect(record.deadLetter?.reason == .undecryptable)
        #expect(world.charges.count == 1)
        #expect(world.log.lines.contains { $0.contains("error record cannot be opened") })
        // It delays nobody.
        #expect(try await world.paid(key: "key-2").text.hasPrefix("pay_"))
    }

    @Test("with its key back in time it goes on by itself")
    func keyComesBack() async throws {
        let world = try await queued()
        world.vault.adopt(first: try Self.key("v2"))
        await turn(world, times: 2)
        world.vault.adopt(first: try Self.key("v2"), others: [try Self.first()])
        world.bank.script(.charge("APPROVED"))
        await turn(world)
        #expect(try await world.record().status == .succeeded)
        #expect(world.charges.count == 2)
    }

    @Test("with its key back later it goes on once an operator has redriven it")
    func redriven() async throws {
        let world = try await queued()
        world.vault.adopt(first: try Self.key("v2"))
        await turn(world, times: 4)
        world.vault.adopt(first: try Self.key("v2"), others: [try Self.first()])
        let operators = OperatorService(
            store: world.store, routing: world.service.routing, vault: world.vault, time: world.time,
            keeping: Keeping(retention: .seconds(60), keys: .seconds(60)), logger: world.log.logger)
        _ = try await operators.redrive(WorkID(try world.id()), try RedriveOrder(.object([])), by: "ann")
        world.bank.script(.charge("APPROVED"))
        await turn(world)
        #expect(try await world.record().status == .succeeded)
        let sent = try #require(world.charges.last)
        #expect(String(decoding: sent.request.body, as: UTF8.self).contains("4111111111111111"))
    }

    @Test("what was altered is a dead letter at once: nobody will open it")
    func altered() async throws {
        let world = try await queued()
        var record = try await world.record()
        record.sealed[record.sealed.count - 1] ^= 1
        record.version += 1
        let settlement = Settlement(
            record: record, expectedVersion: record.version - 1, wake: .zero,
            keeping: Keeping(retention: .seconds(60), keys: .seconds(60)))
        #expect(try await world.store.settle(settlement) == .done)
        await turn(world)
        #expect(try await world.record().deadLetter?.reason == .undecryptable)
        #expect(world.charges.count == 1)
    }

    @Test("what a gateway may hold is asked about and settled without its content")
    func asked() async throws {
        world.bank.script(.lost, .silence)
        try #require(try await world.pay().state == "processing")
        world.vault.adopt(first: try Self.key("v2"))
        world.time.advance(by: .seconds(3))
        world.bank.script(.charge("APPROVED"))
        await world.recover()
        #expect(try await world.record().status == .succeeded)
    }

    @Test("a refund whose reason stays closed is asked about, never sent as another one; then it is a dead letter (O3)")
    func refund() async throws {
        let cadence = Cadence(first: .seconds(2), factor: 1, max: .seconds(2), giveUpAfter: .seconds(3_600))
        let world = try World(policy: .init(maximumRetries: 0, inquiry: cadence))
        let id = try await world.paid()
        world.bank.script(.lost, .silence)
        try #require(try await world.operate(.refund, on: id, amount: 400).status == 202)
        world.vault.adopt(first: try Self.key("v2"))
        let before = world.sent.count { $0.hasPrefix("POST") }
        for _ in 0..<5 {
            world.bank.script(.notFound)
            await turn(world)
        }
        let work = try await world.store.work(WorkID(id, try world.operation(.refund, of: id)))
        let refund = try #require(work?.operation?.record)
        #expect(refund.status == .manualReview)
        #expect(refund.deadLetter?.reason == .undecryptable)
        #expect(world.sent.count { $0.hasPrefix("POST") } == before)
    }
}
