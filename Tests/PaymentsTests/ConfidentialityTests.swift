import AdapterKit
import Payments
import TestKit
import Testing

@Suite("Card numbers, CVCs and names", .timeLimit(.minutes(1)))
struct ConfidentialityTests {
    private static let number = "4111111111111111"
    private let world: World

    init() throws { world = try World() }

    /// What is stored encrypted of the payment.
    private func kept() async throws -> String {
        let record = try await world.record()
        return String(decoding: try world.vault.open(record.sealed, for: record.id.text), as: UTF8.self)
    }

    private static func card(_ members: (String, JSON)...) -> JSON {
        .payment(("method", .members([("type", .string("card")), ("card", .members(members))])))
    }

    @Test("a view shows of a card its brand and its first and last digits")
    func view() async throws {
        world.bank.script(.charge("APPROVED"))
        let paid = try await world.pay()
        let read = await world.service.payment(try world.id(), call: world.call())
        let listed = await world.service.payments(reference: "order-1", limit: 10, call: world.call())
        for answer in [paid, read, listed, try await world.pay()] {
            #expect(!answer.text.contains(Self.number))
            #expect(!answer.text.contains("737"))
            #expect(!answer.text.contains("Ana Souza"))
        }
        let shown = try #require(read.json["method"]?["card"])
        #expect(
            shown == .members([("brand", .string("visa")), ("first_six", .string("411111")), ("last_four", .string("1111"))]))
    }

    @Test(
        "other methods are shown by their ends only",
        arguments: [
            (
                #"{"type":"pix","pix":{"key":"ana.souza@mail.test","payer_tax_id":"12345678909","payer_name":"Ana Souza"}}"#,
                "a***@mail.test"
            ),
            (#"{"type":"upi","upi":{"payer_vpa":"ana.souza@bank","payee_vpa":"shop.42@bank"}}"#, "a***@bank"),
            (
                #"{"type":"bank_transfer","bank_transfer":{"debtor":{"account":"DE111122223333","name":"Ana Souza"},"creditor":{"account":"DE444455556666"}}}"#,
                "***33"
            ), (#"{"type":"wallet","wallet":{"provider":"some-pay","token":"ana.souza-secret"}}"#, "some-pay"),
        ])
    func methods(method: String, shown: String) async throws {
        world.bank.script(.charge("APPROVED"))
        let answer = try await world.pay(.payment(("method", try .parsed(method))))
        #expect(answer.status == 201)
        #expect(answer.text.contains(shown))
        for secret in ["ana.souza", "Ana Souza", "12345678909", "DE111122223333", "shop.42"] {
            #expect(!answer.text.contains(secret))
        }
    }

    @Test(
        "neither card number nor CVC is stored once the gateway was reached, not even encrypted",
        arguments: [
            FakeTransport.Step.charge("APPROVED"), .charge("DECLINED"), .charge("PENDING"), .fails(.sample(.attemptTimedOut)),
            .problem(422, "WRONG"),
        ])
    func notStored(_ step: FakeTransport.Step) async throws {
        world.bank.script(step, .silence)
        _ = try await world.pay()
        let kept = try await kept()
        #expect(!kept.contains(Self.number))
        #expect(!kept.contains("737"))
        #expect(!kept.contains("cvc"))
        #expect(kept.contains("Ana Souza"))
    }

    @Test("while the request is out, the number is not stored either")
    func notStoredInFlight() async throws {
        let gate = Gate()
        let answer = try await world.beginPaying(held: gate, then: .charge("APPROVED"))
        #expect(try await !kept().contains(Self.number))
        gate.open()
        _ = try await answer.value
    }

    @Test("a queued payment keeps its card number, encrypted, and never its CVC (R5)")
    func queued() async throws {
        world.bank.script(.problem(429, "SLOW"))
        let answer = try await world.pay()
        #expect(answer.state == "queued")
        #expect(!answer.text.contains(Self.number))
        let kept = try await kept()
        #expect(kept.contains(Self.number))
        #expect(!kept.contains("737"))
        #expect(!kept.contains("\"cvc\""))
    }

    @Test("nothing personal stands open in a record")
    func sealed() async throws {
        world.bank.script(.problem(429, "SLOW"))
        _ = try await world.pay(
            .payment(("description", .string("blue vase")), ("customer", .members([("name", .string("Ana Souza"))]))))
        let record = String(describing: try await world.record())
        let sealed = try await world.record().sealed
        for text in [Self.number, "Ana Souza", "blue vase"] {
            #expect(!record.contains(text))
            #expect(sealed.firstRange(of: Array(text.utf8)) == nil)
        }
    }

    @Test("a record whose sealed part was altered or moved is an error, not a guess")
    func altered() async throws {
        let id = try await world.paid()
        var record = try await world.record()
        record.sealed[record.sealed.count - 1] ^= 1
        record.version += 1
        let settlement = Settlement(
            record: record, expectedVersion: record.version - 1, keeping: Keeping(retention: .seconds(60), keys: .seconds(60)))
        #expect(try await world.store.settle(settlement) == .done)
        let answer = await world.service.payment(id, call: world.call())
        #expect(answer.status == 500)
        #expect(answer.code == "internal")
    }

    // MARK: Texts that are not ours

    @Test(
        "card numbers in a gateway's texts are masked before they are stored or shown",
        arguments: [
            FakeTransport.Step.charge("DECLINED", code: number, message: "card 4111 1111 1111 1111 refused"),
            .charge("DECLINED", code: "05", message: "4111-1111-1111-1111"),
            .problem(422, number, message: "bad number 4111111111111111"),
            .problem(409, "REFERENCE_MISMATCH", message: number),
        ])
    func gatewayTexts(_ step: FakeTransport.Step) async throws {
        world.bank.script(step, .silence)
        let answer = try await world.pay()
        for text in [answer.text, String(describing: try await world.record())] {
            #expect(!text.contains(Self.number))
            #expect(!text.contains("4111 1111"))
            #expect(!text.contains("4111-1111"))
        }
    }

    @Test("a gateway's reference is kept as it is, though it be a long number: later operations send it back")
    func gatewayReference() async throws {
        world.bank.script(
            .bank { request in
                let reference = (try? JSON(parsing: request.body))?["reference"] ?? .null
                return JSON.members([
                    ("bank_reference", .string(Self.number)), ("reference", reference), ("status", .string("APPROVED")),
                    ("amount", .integer(1_000)), ("currency", .string("EUR")), ("captured_amount", .integer(1_000)),
                    ("refunded_amount", .integer(0)),
                ]).encoded()
            })
        let answer = try await world.pay()
        #expect(answer.json["gateway_reference"] == .string(Self.number))
        #expect(try await world.record().gatewayReference == Self.number)
    }

    @Test("a token that is a card number is passed on, and masked before it is stored")
    func token() async throws {
        world.bank.script(.charge("APPROVED"))
        _ = try await world.pay(Self.card(("token", .string(Self.number))))
        #expect(String(decoding: world.bank.sent[0].request.body, as: UTF8.self).contains(Self.number))
        #expect(try await !kept().contains(Self.number))
    }

    @Test("a token that is none stays as it is")
    func plainToken() async throws {
        world.bank.script(.charge("APPROVED"))
        _ = try await world.pay(Self.card(("token", .string("tok_4111_ana"))))
        #expect(try await kept().contains("tok_4111_ana"))
    }

    // MARK: The log

    @Test("the log names the payment and its outcome, never its people or cards")
    func log() async throws {
        world.bank.script(.charge("DECLINED", code: "05", message: "Ana Souza, 4111111111111111"))
        _ = try await world.pay()
        world.bank.script(.lost, .silence)
        _ = try await world.pay(key: "key-2")
        world.store.fail([.claim], .away)
        _ = try await world.pay(key: "key-3")
        let log = world.log.lines.joined(separator: "\n")
        #expect(log.contains(try world.id().text))
        #expect(log.contains("attempt_timed_out"))
        #expect(log.contains("unreachable"))
        for text in [Self.number, "737", "Ana", "Souza", "order-1", FakeTransport.Step.secretText] {
            #expect(!log.contains(text))
        }
    }
}
