import AdapterKit

/// What the API demands of bodies (protocols/pix.md, 2).
enum PixBody {
    private static let longestText = 140
    private static let longestKey = 77
    private static let standardLife: Int64 = 86_400
    private static let real = Currency("BRL") ?? .unnamed

    static func object(_ body: [UInt8]) throws(PixProblem) -> JSON {
        guard let json = try? JSON(parsing: body), json.members != nil else { throw .invalid("corpo") }
        return json
    }

    static func order(_ reference: String, _ body: JSON) throws(PixProblem) -> BankCall.Order {
        let life = body["calendario"]?["expiracao"] ?? .integer(standardLife)
        guard body["calendario"]?.members != nil, let seconds = life.integer, seconds > 0 else {
            throw .charge("cob.calendario.expiracao")
        }
        guard let key = body["chave"]?.text, (1...longestKey).contains(key.unicodeScalars.count) else {
            throw .charge("cob.chave")
        }
        let text = body["solicitacaoPagador"]?.text ?? ""
        guard text.unicodeScalars.count <= longestText else { throw .charge("cob.solicitacaoPagador") }
        try demandDebtor(body["devedor"])
        return BankCall.Order(
            reference: reference, amount: try amount(body["valor"]?["original"], "cob.valor.original"), currency: real.code,
            captures: true, method: "pix", description: text, details: body)
    }

    /// A person by cpf or a company by cnpj, and a name.
    private static func demandDebtor(_ debtor: JSON?) throws(PixProblem) {
        guard let debtor else { return }
        let ids = [debtor["cpf"]?.text?.utf8.count == 11, debtor["cnpj"]?.text?.utf8.count == 14]
        guard ids.filter({ $0 }).count == 1, (debtor["cpf"] == nil) != (debtor["cnpj"] == nil), debtor["nome"]?.text != nil else {
            throw .charge("cob.devedor")
        }
    }

    static func refund(_ body: JSON) throws(PixProblem) -> Int64 {
        do { return try amount(body["valor"], "devolucao.valor") } catch { throw .refund("devolucao.valor") }
    }

    private static func amount(_ value: JSON?, _ property: String) throws(PixProblem) -> Int64 {
        guard let money = value?.text.flatMap({ Money(decimal: $0, real) }), money.minorUnits > 0 else {
            throw .charge(property)
        }
        return money.minorUnits
    }

    /// The one revision that is played: to remove the charge.
    static func demandRemoval(_ body: JSON) throws(PixProblem) {
        guard body.members?.count == 1, body["status"]?.text == "REMOVIDA_PELO_USUARIO_RECEBEDOR" else {
            throw .charge("cob.status")
        }
    }
}
