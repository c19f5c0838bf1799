import AdapterKit
import Payments
import TestKit
import Testing

/// What the bank may say, by what it means.
private enum Words {
    static let notProcessed: [(FakeTransport.Step, String)] = [
        (.problem(429, "SLOW_DOWN", headers: [("Retry-After", "3")]), "rate_limited"),
        (.problem(503, "DOWN", headers: [("X-Not-Processed", "true")]), "gateway_unavailable"),
        (.fails(.sample(.connectRefused)), "connect_refused"), (.fails(.sample(.nameNotResolved)), "name_not_resolved"),
        (.fails(.sample(.connectTimedOut)), "connect_timed_out"), (.fails(.sample(.tlsFailed)), "tls_failed"),
        (.fails(.sample(.serverPinMismatch)), "server_pin_mismatch"),
        (.fails(.sample(.clientCertificateExpired)), "client_certificate_expired"),
    ]

    static let unknown: [(FakeTransport.Step, String)] = [
        (.fails(.sample(.attemptTimedOut)), "attempt_timed_out"), (.fails(.sample(.connectionLost)), "connection_lost"),
        (.fails(.sample(.resendPrevented)), "resend_prevented"), (.fails(.sample(.responseTooLarge)), "response_too_large"),
        (.fails(.sample(.responseMalformed)), "response_malformed"),
        (.problem(500, "OOPS"), "server_error"), (.problem(502, "OOPS"), "server_error"), (.problem(503, "OOPS"), "server_error"),
        (.problem(504, "OOPS"), "server_error"), (.problem(302, "MOVED"), "redirect"),
        (.problem(204, "NONE"), "unexpected_status"),
        (.problem(404, "NOT_FOUND"), "unexpected_status"), (.problem(409, "REFERENCE_MISMATCH"), "REFERENCE_MISMATCH"),
        (.bank { _ in Array("<html>".utf8) }, "unreadable_body"), (.bank { _ in [] }, "unreadable_body"),
        (.bank(409) { _ in Array("<html>".utf8) }, "unreadable_body"),
        (.charge("APPROVED", secret: "another-secret"), "response_signature_invalid"),
        (.charge("DECLINED", code: "51", secret: "another-secret"), "response_signature_invalid"),
        (.unsigned(GatewayResponse(status: 400, body: Array(#"{"code":"X"}"#.utf8))), "response_signature_invalid"),
        (.unsigned(GatewayResponse(status: 503, headers: Headers([("X-Not-Processed", "true")]))), "response_signature_invalid"),
        (.charge("APPROVED", reference: "pay_another"), "another_reference"),
        (.charge("DECLINED", code: "51", reference: "pay_another"), "another_reference"),
        (.charge("DECLINED", amount: 999, code: "51"), "another_amount"),
        (.charge("REVERSED"), "unreadable_body"),
    ]

    static let wrong: [(FakeTransport.Step, JSON)] = [
        (.charge("APPROVED", amount: 999), .payment()), (.charge("APPROVED", amount: 1_001), .payment()),
        (.charge("APPROVED", currency: "BRL"), .payment()), (.charge("APPROVED", captured: 1_001), .payment()),
        (.charge("APPROVED", captured: 400), .payment()), (.charge("APPROVED", captured: 0), .payment()),
        (.charge("APPROVED", captured: -1), .payment()), (.charge("AUTHORIZED", amount: 999), .authorization),
        (.charge("AUTHORIZED", currency: "USD"), .authorization), (.charge("APPROVED", captured: 0), .authorization),
    ]
}

/// One payment, one attempt, one outcome (contract/idempotency.md, table O).
@Suite("What the gateway says decides what becomes of a payment", .timeLimit(.minutes(1)))
struct OutcomeTests {
    private let world: World

    init() throws { world = try World() }

    private func outcome(_ step: FakeTransport.Step, _ body: JSON = .payment()) async throws -> (Answer, PaymentRecord) {
        world.bank.script(step, .silence)
        let answer = try await world.pay(body)
        let record = try await world.record()
        #expect(world.charges.count == 1)
        // Only out of unknown is the bank asked.
        #expect(world.bank.sent.count == (record.attempts.first?.end?.outcome == .unknown ? 2 : 1))
        return (answer, record)
    }

    @Test("approved: a payment succeeded, all of it captured")
    func approved() async throws {
        let (answer, record) = try await outcome(.charge("APPROVED", code: "00"))
        #expect(answer.status == 201)
        #expect(answer.location == "/v1/payments/\(record.id)")
        #expect(answer.state == "succeeded")
        #expect(answer.json["amount_captured"] == .integer(1_000))
        #expect(answer.json["gateway"] == .string("bank-a"))
        #expect(answer.json["gateway_reference"] == .string("bank-1"))
        #expect(answer.json["attempts"]?.elements?.first?["outcome"] == .string("approved"))
        #expect(record.status == .succeeded)
        #expect(record.attempts.first?.end?.outcome == .approved)
    }

    @Test("approved: an authorisation holds the amount and captures nothing")
    func authorized() async throws {
        let (answer, record) = try await outcome(.charge("AUTHORIZED"), .authorization)
        #expect(answer.status == 201)
        #expect(answer.state == "authorized")
        #expect(record.amountCaptured == 0)
        #expect(try JSON(parsing: world.bank.sent[0].request.body)["capture"] == .bool(false))
    }

    @Test(
        "declined: failed, with the category that the gateway's code means",
        arguments: [
            ("05", "do_not_honor"), ("14", "invalid_instrument"), ("41", "suspected_fraud"), ("43", "suspected_fraud"),
            ("59", "suspected_fraud"), ("51", "insufficient_funds"), ("54", "expired_instrument"), ("57", "not_permitted"),
            ("62", "not_permitted"), ("61", "limit_exceeded"), ("65", "limit_exceeded"), ("1A", "authentication_required"),
            ("46", "account_closed"), ("91", "issuer_unavailable"), ("99", "other"),
        ])
    func declined(code: String, category: String) async throws {
        let (answer, record) = try await outcome(.charge("DECLINED", code: code))
        #expect(answer.status == 201)
        #expect(answer.state == "failed")
        #expect(answer.json["failure"]?["category"] == .string(category))
        #expect(answer.json["failure"]?["gateway_code"] == .string(code))
        #expect(answer.json["gateway"] == .null)
        #expect(record.amountCaptured == 0)
    }

    @Test("requires_action: 201 with what the payer must do; nothing is fixed yet")
    func requiresAction() async throws {
        let action = try JSON.parsed(#"{"type":"redirect","url":"https://bank.test/3ds","qr_payload":null,"expires_at":null}"#)
        let (answer, record) = try await outcome(.charge("ACTION_REQUIRED", action: action))
        #expect(answer.status == 201)
        #expect(answer.state == "requires_action")
        #expect(answer.json["next_action"]?["url"] == .string("https://bank.test/3ds"))
        #expect(record.status == .requiresAction)
    }

    @Test("pending: 202, awaiting the gateway that took it")
    func pending() async throws {
        let (answer, record) = try await outcome(.charge("PENDING"))
        #expect(answer.status == 202)
        #expect(answer.retryAfter != nil)
        #expect(answer.state == "processing")
        #expect(answer.json["processing_reason"] == .string("awaiting_gateway"))
        #expect(answer.json["gateway"] == .string("bank-a"))
        #expect(record.gatewayReference == "bank-1")
    }

    @Test("not_processed: queued, and at no gateway", arguments: Words.notProcessed.indices)
    func queued(_ index: Int) async throws {
        let (step, code) = Words.notProcessed[index]
        let (answer, record) = try await outcome(step)
        #expect(answer.status == 202)
        #expect(answer.state == "queued")
        #expect(answer.json["gateway"] == .null)
        #expect(record.gateway == nil)
        #expect(record.attempts.map(\.end?.outcome) == [.notProcessed])
        #expect(record.attempts.map(\.end?.code) == [code])
    }

    @Test(
        "not_processed with on_unavailable fail: 503, stored, and the same 503 again (T3)", arguments: Words.notProcessed.indices)
    func failsWhenUnavailable(_ index: Int) async throws {
        let body = JSON.payment(("on_unavailable", .string("fail")))
        let (answer, record) = try await outcome(Words.notProcessed[index].0, body)
        #expect(answer.status == 503)
        #expect(answer.code == "gateways_unavailable")
        #expect(record.status == .failed)
        #expect(record.failure?.code == "gateway_unavailable")
        let repeated = try await world.pay(body)
        #expect(repeated.status == 503)
        #expect(repeated.body == answer.body)
        #expect(repeated.content == .problem)
        #expect(repeated.replayed)
        #expect(world.bank.sent.count == 1)
    }

    @Test(
        "rejected: failed, with the cause named",
        arguments: [
            (400, "invalid_request"), (422, "invalid_request"), (409, "invalid_request"), (401, "configuration"),
            (403, "configuration"),
        ])
    func rejected(status: Int, category: String) async throws {
        let (answer, record) = try await outcome(.problem(status, "WRONG", message: "no"))
        #expect(answer.status == 201)
        #expect(answer.state == "failed")
        #expect(answer.json["failure"]?["category"] == .string(category))
        #expect(answer.json["failure"]?["gateway_code"] == .string("WRONG"))
        #expect(record.attempts.map(\.end?.outcome) == [.rejected])
    }

    @Test(
        "unknown, whatever its source: 202, processing, outcome_unknown, and nothing more is sent",
        arguments: Words.unknown.indices)
    func unknown(_ index: Int) async throws {
        let (step, code) = Words.unknown[index]
        let (answer, record) = try await outcome(step, .payment(("on_unavailable", .string("fail"))))
        #expect(answer.status == 202)
        #expect(answer.state == "processing")
        #expect(answer.json["processing_reason"] == .string("outcome_unknown"))
        #expect(answer.json["gateway"] == .null)
        #expect(record.attempts.map(\.end?.outcome) == [.unknown])
        #expect(record.attempts.map(\.end?.code) == [code])
        #expect(record.gateway == "bank-a")
    }

    @Test("unknown goes to no other gateway, though the route names one (O4)")
    func unknownStays() async throws {
        let world = try World(route: ["bank-a", "bank-b"])
        world.bank.script(.lost, .silence)
        _ = try await world.pay()
        _ = try await world.pay()
        #expect(world.hosts == ["bank-a.test", "bank-a.test"])
        #expect(world.charges.count == 1)
    }

    @Test("an approval of another amount or currency is never success: manual_review (O6)", arguments: Words.wrong.indices)
    func wrongAmount(_ index: Int) async throws {
        let (step, body) = Words.wrong[index]
        let (answer, record) = try await outcome(step, body)
        #expect(answer.status == 202)
        #expect(answer.state == "manual_review")
        #expect(record.amountCaptured == 0)
    }

    @Test("the request carries our reference, the amount asked, and a signature over what is stored of the attempt")
    func whatIsSent() async throws {
        let (_, record) = try await outcome(.charge("APPROVED"))
        let request = world.bank.sent[0].request
        let body = try JSON(parsing: request.body)
        #expect(body["reference"] == .string(record.id.text))
        #expect(body["amount"] == .integer(1_000))
        #expect(body["currency"] == .string("EUR"))
        #expect(body["capture"] == .bool(true))
        #expect(body["method"]?["card"]?["cvc"] == .string("737"))
        #expect(request.headers.single("Idempotency-Key") == record.id.text)
        #expect(request.headers.single("X-Timestamp") == record.attempts[0].startedAt.rfc3339WholeSeconds)
        #expect(request.headers.single("X-Request-Id") != "req-key-1")
    }

    @Test("nothing is stored or sent where no gateway can take it")
    func noGateway() async throws {
        for (body, tenant) in [(JSON.payment(("gateway", .string("bank-z"))), "acme"), (.payment(), "limited")] {
            let answer = try await world.pay(body, tenant: tenant)
            #expect(answer.status == 422)
            #expect(answer.code == "no_gateway")
            let stored = try await world.store.payment(try world.id(tenant: tenant), tenant: tenant)
            #expect(stored == nil)
        }
        #expect(world.bank.sent.isEmpty)
    }
}
