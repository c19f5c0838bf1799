import AdapterKit

extension Charge {
    var isPaid: Bool { status == .approved }

    /// As the API shows a charge. One that waits is `ATIVA`, also past its end.
    var cob: JSON {
        let location = "mock.example/qr/v2/\(serial)"
        return .present([
            ("txid", .string(PixReference.id(of: reference))), ("revisao", .integer(voidReference == nil ? 0 : 1)),
            ("status", .string(cobStatus)), ("calendario", calendar),
            ("valor", .members([("original", .string(decimal(amount)))])),
            ("chave", details["chave"] ?? .null), ("devedor", details["devedor"]),
            ("solicitacaoPagador", details["solicitacaoPagador"]),
            ("loc", .members([("id", .integer(Int64(serial))), ("location", .string(location)), ("tipoCob", .string("cob"))])),
            ("location", .string(location)), ("pixCopiaECola", .string("00020101021226br.gov.bcb.pix25\(location)")),
            ("pix", isPaid ? .array([pix(telling: nil)]) : nil),
        ])
    }

    private var cobStatus: String {
        switch status {
        case .pending, .actionRequired, .authorized: "ATIVA"
        case .approved: "CONCLUIDA"
        case .voided: "REMOVIDA_PELO_USUARIO_RECEBEDOR"
        case .declined: "REMOVIDA_PELO_PSP"
        }
    }

    private var calendar: JSON {
        .members([
            ("criacao", .string(openedAt.rfc3339)), ("expiracao", details["calendario"]?["expiracao"] ?? .integer(86_400)),
        ])
    }

    /// The Pix that paid it, with what was given back.
    /// - Parameter refund: as it is told, where one is.
    func pix(telling refund: Refund?) -> JSON {
        let told = refunds.map { $0.serial == refund?.serial ? refund ?? $0 : $0 }
        return .present([
            ("endToEndId", .string(PixTransfer(paying: self).text)), ("txid", .string(PixReference.id(of: reference))),
            ("valor", .string(decimal(amount))), ("chave", details["chave"] ?? .null),
            ("horario", .string(changedAt.rfc3339)), ("devolucoes", told.isEmpty ? nil : .array(told.map(\.devolucao))),
        ])
    }

    fileprivate func decimal(_ amount: Int64) -> String { Money(minorUnits: amount, currency: .unnamed).decimal }
}

extension Refund {
    /// As the API shows a refund.
    var devolucao: JSON {
        let moments: [(String, JSON?)] = [
            ("solicitacao", .string(openedAt.rfc3339)),
            ("liquidacao", status == .approved ? .string(changedAt.rfc3339) : nil),
        ]
        return .present([
            ("id", .string(PixReference.id(of: reference))), ("rtrId", .string(PixTransfer(giving: self).text)),
            ("valor", .string(Money(minorUnits: amount, currency: .unnamed).decimal)), ("horario", .present(moments)),
            ("status", .string(pixStatus)), ("motivo", status == .declined ? .string("Devolucao recusada (\(code))") : nil),
        ])
    }

    private var pixStatus: String {
        switch status {
        case .pending, .actionRequired: "EM_PROCESSAMENTO"
        case .approved: "DEVOLVIDO"
        case .declined: "NAO_REALIZADO"
        }
    }
}
