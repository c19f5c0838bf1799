import AdapterKit
import Pix
import Testing

/// The sheet's own examples, whole: what a provider says beyond what is read here does not matter.
@Suite struct AnswerTests {
    private let money: Money
    private let adapter: PixAdapter

    init() throws {
        money = Money(minorUnits: 3700, currency: try #require(Currency("BRL")))
        adapter = try .sample()
    }

    private func payment(_ body: String, status: Int = 201) -> Outcome {
        let charge = Operation.Charge(reference: Sample.charge, money: money, method: .pix(.init(key: "7d9f-Key")))
        return adapter.outcome(of: GatewayResponse(status: status, body: Array(body.utf8)), for: .payment(charge))
    }

    @Test func `a charge with all that the protocol has is shown as a QR code until its end`() {
        let body = """
            {"txid":"\(Sample.txid)","revisao":0,"status":"ATIVA",
             "calendario":{"criacao":"2026-01-01T00:00:00.000Z","expiracao":3600},"valor":{"original":"37.00"},"chave":"7D9F-KEY",
             "loc":{"id":789,"location":"pix.example.com/qr/v2/9d36","tipoCob":"cob"},"location":"pix.example.com/qr/v2/9d36",
             "pixCopiaECola":"000201"}
            """
        let action = NextAction(kind: .displayQR, qrPayload: "000201", expiresAt: "2026-01-01T01:00:00Z")
        #expect(payment(body) == .requiresAction(action, gatewayReference: nil))
    }

    @Test(
        "the end of a charge is told in whole seconds of UTC",
        arguments: [
            (#""criacao":"2026-01-01T00:00:00.999Z","expiracao":1"#, "2026-01-01T00:00:01Z"),
            (#""criacao":"2025-12-31T23:59:59-03:00","expiracao":86400"#, "2026-01-02T02:59:59Z"),
            (#""criacao":"2026-01-01T05:30:00.5+05:30""#, "2026-01-02T00:00:00Z"),
        ])
    func end(calendar: String, expected: String) throws {
        let body =
            #"{"txid":"\#(Sample.txid)","status":"ATIVA","calendario":{\#(calendar)},"valor":{"original":"37.00"},"chave":"7d9f-key","pixCopiaECola":"0"}"#
        guard case .requiresAction(let action, _) = payment(body) else {
            Issue.record("no QR code")
            return
        }
        #expect(action.expiresAt == expected)
    }

    @Test func `a violation's text is cut, and an error is told by the last segment of its type`() {
        let long = String(repeating: "x", count: 141)
        let body = #"{"type":"urn:x/y/RequisicaoInvalida","title":"t","status":400,"detail":"\#(long)"}"#
        let rejection = Rejection(cause: .request, code: "RequisicaoInvalida", message: String(long.dropLast()))
        #expect(payment(body, status: 400) == .rejected(rejection))
    }

    @Test(
        "what is not one list of violations, each with a property, is nobody's word",
        arguments: [#""none""#, #"["none"]"#, #"[{"propriedade":7}]"#, "{}"])
    func unreadableViolations(list: String) {
        let body = #"{"type":"u/CobOperacaoInvalida","title":"t","status":400,"violacoes":\#(list)}"#
        #expect(payment(body, status: 400) == .unknown(Unknown(reason: "unreadable_body")))
    }
}
