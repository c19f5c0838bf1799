import AdapterKit

/// The provider's view of a charge (`cob`).
struct ChargeAnswer {
    enum Status: String {
        /// Also after its end: only the clock tells.
        case active = "ATIVA"
        case completed = "CONCLUIDA"
        case removedByUs = "REMOVIDA_PELO_USUARIO_RECEBEDOR"
        case removedByProvider = "REMOVIDA_PELO_PSP"
    }

    /// Seconds; what a charge lives that names no life.
    private static let standardLife: Int64 = 86_400
    private static let lives: ClosedRange<Int64> = 1...2_147_483_647
    /// Bytes.
    private static let longestCode = 4096

    let txid: String
    let status: Status
    let asked: Money
    let key: String
    let end: Timestamp
    /// What the payer copies or scans.
    let code: String?
    let receipts: [Receipt]

    init(_ bytes: [UInt8]) throws(UnreadableAnswer) {
        let body = try AnswerReader(bytes)
        txid = try body.text("txid")
        status = try body.word("status")
        guard let value = try body.section("valor"), let calendar = try body.section("calendario") else {
            throw UnreadableAnswer()
        }
        asked = try value.money("original")
        key = try body.text("chave")
        end = try Self.end(calendar)
        code = try body.wholeText("pixCopiaECola", limit: Self.longestCode)
        var receipts: [Receipt] = []
        for section in try body.sections("pix") ?? [] { receipts.append(try Receipt(section)) }
        self.receipts = receipts
        guard status != .completed || !receipts.isEmpty else { throw UnreadableAnswer() }
    }

    private static func end(_ calendar: AnswerReader) throws(UnreadableAnswer) -> Timestamp {
        let life = try calendar.optionalInteger("expiracao") ?? standardLife
        guard let start = Timestamp(rfc3339: try calendar.text("criacao")), lives.contains(life) else { throw UnreadableAnswer() }
        return start + .seconds(life)
    }

    /// - Parameters:
    ///   - id: the charge that was asked about.
    ///   - money: what it was asked for.
    ///   - key: the key that was to be credited, where the question says.
    func outcome(of id: String, money: Money, key: String? = nil) -> Outcome {
        guard txid == id else { return .unknown(Unknown(reason: "another_reference")) }
        guard key.map({ $0.lowercased() == self.key.lowercased() }) ?? true else {
            return .unknown(Unknown(reason: "another_key"))
        }
        // What was paid or removed is handed on as it is (O6); any other word about another amount is not about our charge.
        guard asked == money || status == .completed || status == .removedByUs else {
            return .unknown(Unknown(reason: "another_amount"))
        }
        return outcome
    }

    /// What a void leaves: a charge that can still be paid, or has been, is none.
    func outcomeOfVoid(of id: String, money: Money) -> Outcome {
        guard status == .removedByUs || status == .removedByProvider else {
            return .unknown(Unknown(reason: "unexpected_state", code: status.rawValue))
        }
        return outcome(of: id, money: money)
    }

    private var outcome: Outcome {
        switch status {
        case .active: waiting
        case .completed: .approved(payment)
        // Only we remove charges: the provider has its own word for it.
        case .removedByUs: .approved(Approval(state: .voided, gatewayReference: nil, money: asked))
        case .removedByProvider: PixAdapter.decline(status.rawValue, message: nil, gatewayReference: nil)
        }
    }

    private var waiting: Outcome {
        guard let code, !code.isEmpty else { return .pending(gatewayReference: nil) }
        return .requiresAction(
            NextAction(kind: .displayQR, qrPayload: code, expiresAt: end.rfc3339WholeSeconds), gatewayReference: nil)
    }

    private var payment: Approval {
        let received = receipts.reduce(0) { $0 + $1.money.minorUnits }
        return Approval(
            state: .captured, gatewayReference: receipts.first?.endToEndID, money: Money(minorUnits: received, currency: .real),
            captured: received, refunded: receipts.reduce(0) { $0 + $1.refunded })
    }
}
