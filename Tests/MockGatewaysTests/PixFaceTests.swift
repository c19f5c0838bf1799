import AdapterKit
import NIOHTTP1
import Synchronization
import Testing

@testable import MockGateways

@Suite("A Pix provider")
struct PixFaceTests {
    private final class Clock: Sendable {
        let seconds = Mutex<Int64>(1_767_225_600)
        var now: Timestamp { Timestamp(seconds: seconds.withLock { $0 }) }
    }

    private struct Answered {
        let status: Int
        let json: JSON
        /// The last segment of a problem's type.
        var type: String { String(json["type"]?.text?.split(separator: "/").last ?? "") }
        var violated: [String] { (json["violacoes"]?.elements ?? []).compactMap { $0["propriedade"]?.text } }
    }

    private static let txid = "pay00000000000000000000000001"
    private static let reference = "pay_00000000000000000000000001"
    private static let charge =
        #"{"calendario":{"expiracao":600},"valor":{"original":"10.00"},"chave":"a@b","solicitacaoPagador":"Pedido"}"#

    private let clock: Clock
    private let bank: Bank

    init() {
        let clock = Clock()
        let tokens = PixTokens(clientID: "acme", secret: Secret(text: "s3cret"), lifetime: .seconds(10))
        bank = Bank(face: PixFace(tokens: tokens), now: { clock.now })
        self.clock = clock
    }

    @discardableResult
    private func ask(
        _ method: HTTPMethod, _ target: String, _ body: String = "", _ authorization: String? = "Bearer mock-pix-token-1",
        _ contentType: String = "application/json"
    ) -> Answered {
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: target, headers: ["Content-Type": contentType])
        if let authorization { head.headers.add(name: "Authorization", value: authorization) }
        let reply =
            switch bank.admit(CollectedRequest(head: head, body: Array(body.utf8)), overHTTP2: false) {
            case .answered(let reply): reply
            case .admitted(let visit): bank.act(on: visit).reply
            }
        return Answered(status: reply.status, json: (try? JSON(parsing: reply.body)) ?? .null)
    }

    /// `acme:s3cret` unless told otherwise.
    @discardableResult
    private func token(_ basic: String = "YWNtZTpzM2NyZXQ=", _ body: String = "grant_type=client_credentials&scope=x") -> Answered
    {
        ask(.POST, "/oauth/token", body, "Basic \(basic)", "application/x-www-form-urlencoded")
    }

    private func put(_ body: String = charge, txid: String = txid) -> Answered { ask(.PUT, "/api/v2/cob/\(txid)", body) }

    /// A charge that was paid.
    private func paid() throws -> String {
        token()
        _ = put()
        try bank.settle([Settlement(reference: Self.reference, status: .charge(.approved))])
        let pix = try #require(ask(.GET, "/api/v2/cob/\(Self.txid)").json["pix"]?.elements?.first)
        return try #require(pix["endToEndId"]?.text)
    }

    private func refund(_ endToEndID: String, _ id: String, _ amount: String) -> Answered {
        ask(.PUT, "/api/v2/pix/\(endToEndID)/devolucao/\(id)", #"{"valor":"\#(amount)"}"#)
    }

    @Test("gives a token to its client alone, for its credentials")
    func tokens() {
        #expect(token().json["access_token"]?.text == "mock-pix-token-1")
        #expect(token().json["expires_in"]?.integer == 10)
        #expect(token("YWNtZTpvdGhlcg==").status == 401)
        #expect(token("YWNtZTpzM2NyZXQ=", "grant_type=password").status == 400)
        #expect(ask(.POST, "/oauth/token", "grant_type=client_credentials").status == 401)
        #expect(bank.update { $0.counters.signatureFailures } == 2)
    }

    @Test("lets nobody in whose token is missing, made up, past its end or revoked")
    func serves() {
        #expect(put().status == 401)
        token()
        #expect(put().status == 201)
        for authorization in [nil, "Bearer mock-pix-token-2", "Basic YWNtZTpzM2NyZXQ=", "Bearer "] {
            #expect(ask(.GET, "/api/v2/cob/\(Self.txid)", "", authorization).status == 401)
        }
        clock.seconds.withLock { $0 += 10 }
        #expect(put().status == 401)
        #expect(token().json["access_token"]?.text == "mock-pix-token-2")
        #expect(ask(.GET, "/api/v2/cob/\(Self.txid)", "", "Bearer mock-pix-token-2").status == 200)
        bank.face.reset()
        #expect(ask(.GET, "/api/v2/cob/\(Self.txid)", "", "Bearer mock-pix-token-2").status == 401)
    }

    @Test("keeps a charge under our own reference, active until it is paid or removed")
    func charges() throws {
        token()
        let charge = put()
        #expect(charge.status == 201)
        #expect(charge.json["status"]?.text == "ATIVA")
        #expect(charge.json["calendario"]?["criacao"]?.text == "2026-01-01T00:00:00.000Z")
        #expect(bank.update { $0.ledger[Self.reference]?.amount } == 1000)
        #expect(put().status == 200, "revised")
        clock.seconds.withLock { $0 += 9 }
        #expect(ask(.GET, "/api/v2/cob/\(Self.txid)").json["status"]?.text == "ATIVA")
        let removal = #"{"status":"REMOVIDA_PELO_USUARIO_RECEBEDOR"}"#
        #expect(ask(.PATCH, "/api/v2/cob/\(Self.txid)", removal).json["revisao"]?.integer == 1)
        #expect(ask(.PATCH, "/api/v2/cob/\(Self.txid)", removal).violated == ["cob.status"])
        #expect(put().violated == ["cob.status"])
    }

    @Test("refuses a charge that is not as the protocol says, naming what is violated")
    func violations() {
        token()
        for (bad, property) in [
            (#""valor":{"original":"0.00"}"#, "cob.valor.original"), (#""valor":{"original":10}"#, "cob.valor.original"),
            (#""valor":{"original":"10.0"}"#, "cob.valor.original"), (#""chave":"""#, "cob.chave"),
            (#""calendario":{"expiracao":0}"#, "cob.calendario.expiracao"), (#""devedor":{"cpf":"39053344705"}"#, "cob.devedor"),
            (#""solicitacaoPagador":"\#(String(repeating: "x", count: 141))""#, "cob.solicitacaoPagador"),
        ] {
            let members = (try? JSON(parsing: Array("{\(bad)}".utf8)))?.members ?? []
            let whole = (try? JSON(parsing: Array(Self.charge.utf8)))?.members ?? []
            let body = JSON.object(whole.filter { $0.name != members.first?.name } + members).encoded()
            let answer = put(String(decoding: body, as: UTF8.self))
            #expect(answer.status == 400)
            #expect(answer.type == "CobOperacaoInvalida")
            #expect(answer.violated == [property])
        }
        #expect(put("[]").type == "RequisicaoInvalida")
        for txid in ["abc-123", String(repeating: "a", count: 25), String(repeating: "a", count: 36)] {
            #expect(put(txid: txid).violated == ["cob.txid"])
        }
        #expect(bank.update { $0.ledger.order } == [])
    }

    @Test("gives back in parts, each id once, and never more than was received")
    func refunds() throws {
        let pix = try paid()
        let id = "ref00000000000000000000000001"
        let first = refund(pix, id, "2.50")
        #expect(first.status == 201)
        #expect(first.json["status"]?.text == "EM_PROCESSAMENTO")
        #expect(refund(pix, id, "2.50").violated == ["devolucao.id"], "also where it is identical")
        #expect(refund(pix, "D17", "7.51").violated == ["devolucao.valor"])
        #expect(refund(pix, "D-17", "1.00").violated == ["devolucao.id"])
        try bank.settle([Settlement(reference: "ref_00000000000000000000000001", status: .refund(.approved, of: Self.reference))])
        #expect(ask(.GET, "/api/v2/pix/\(pix)/devolucao/\(id)").json["status"]?.text == "DEVOLVIDO")
        #expect(ask(.GET, "/api/v2/pix/\(pix)").json["devolucoes"]?.elements?.count == 1)
    }

    @Test("says what it does not know, each in its own word")
    func unknown() throws {
        let pix = try paid()
        let other = String(pix.dropLast(2)) + "99"
        #expect(ask(.GET, "/api/v2/cob/\(Self.txid.dropLast())9").type == "CobNaoEncontrado")
        #expect(ask(.GET, "/api/v2/pix/\(pix)/devolucao/D17").type == "PixDevolucaoNaoEncontrada")
        #expect(refund(other, "D17", "1.00").type == "PixNaoEncontrado")
        #expect(ask(.GET, "/api/v2/pix/\(other)").type == "PixNaoEncontrado")
        #expect(ask(.GET, "/api/v2/cobv/\(Self.txid)").type == "NaoEncontrado")
        #expect(ask(.GET, "/cob/\(Self.txid)").type == "NaoEncontrado")
    }

    @Test("tells of receipts and of refunds that have ended, in one list")
    func callbacks() throws {
        _ = try paid()
        let charge = try #require(bank.update { $0.ledger[Self.reference] })
        let told = Occurrence(id: "evt_1", moment: clock.now, charge: charge, refund: nil)
        let seal = Seal(target: "/callbacks/pix-a", key: nil, isForged: false, nonce: "n", timestamp: clock.now)
        let post = try #require(bank.face.callback(telling: [told, told], seal))
        #expect(post.target == "/callbacks/pix-a/pix")
        #expect(try JSON(parsing: post.body)["pix"]?.elements?.count == 2)
        var waiting = told
        waiting.charge.status = .actionRequired
        #expect(bank.face.tells(of: told) && !bank.face.tells(of: waiting))
    }
}
