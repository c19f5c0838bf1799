import AdapterKit

extension PaymentMethod {
    /// Texts for which the contract names no limit.
    private static let unbounded = 0...2048

    /// The member `method`: `type` names the one other member that is present.
    static func read(_ reader: inout MemberReader) -> PaymentMethod? {
        guard let value = reader.value("method") else {
            reader.fail("method", "is required")
            return nil
        }
        return read(value, at: reader.pointer(to: "method"), &reader)
    }

    private static func read(_ value: JSON, at pointer: String, _ outer: inout MemberReader) -> PaymentMethod? {
        var reader = MemberReader(value, at: pointer, allowing: ["type"] + Kind.allCases.map(\.rawValue))
        defer { outer.adopt(reader.errors) }
        guard let kind = reader.word("type", Kind.self, required: true) else { return nil }
        for other in Kind.allCases where other != kind && reader.value(other.rawValue) != nil {
            reader.fail(other.rawValue, "does not belong to a method of type \(kind.rawValue)")
        }
        guard let body = reader.value(kind.rawValue) else {
            reader.fail(kind.rawValue, "is required for a method of type \(kind.rawValue)")
            return nil
        }
        let inner = reader.pointer(to: kind.rawValue)
        return switch kind {
        case .card: card(body, inner, &reader)
        case .pix: pix(body, inner, &reader)
        case .upi: upi(body, inner, &reader)
        case .bankTransfer: bankTransfer(body, inner, &reader)
        case .wallet: wallet(body, inner, &reader)
        }
    }

    private static func areDigits(_ text: String) -> Bool { text.utf8.allSatisfy { (0x30...0x39).contains($0) } }

    /// RFC 3986 in outline: a scheme, a colon, and nothing that has to be percent-encoded.
    private static func isURI(_ text: String) -> Bool {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let first = parts[0].utf8.first, (0x41...0x5A).contains(first & 0xDF) else { return false }
        return parts[0].utf8.allSatisfy {
            (0x41...0x5A).contains($0 & 0xDF) || (0x30...0x39).contains($0) || "+-.".utf8.contains($0)
        }
            && parts[1].utf8.allSatisfy { (0x21...0x7E).contains($0) && !"\"<>\\^`{|}".utf8.contains($0) }
    }

    private static func card(_ body: JSON, _ pointer: String, _ outer: inout MemberReader) -> PaymentMethod? {
        var reader = MemberReader(body, at: pointer, allowing: ["token", "number", "exp_month", "exp_year", "cvc", "holder"])
        defer { outer.adopt(reader.errors) }
        let card = Card(
            token: reader.text("token", unbounded),
            number: reader.text("number", 12...19, where: areDigits, saying: "must be 12 to 19 digits"),
            expiryMonth: reader.integer("exp_month", 1...12).map(Int.init),
            expiryYear: reader.integer("exp_year", 2000...2099).map(Int.init),
            cvc: reader.text("cvc", 3...4, where: areDigits, saying: "must be 3 or 4 digits"),
            holder: reader.text("holder", 0...140))
        return .card(card)
    }

    private static func pix(_ body: JSON, _ pointer: String, _ outer: inout MemberReader) -> PaymentMethod? {
        var reader = MemberReader(body, at: pointer, allowing: ["key", "expires_in", "payer_tax_id", "payer_name"])
        defer { outer.adopt(reader.errors) }
        return .pix(
            Pix(
                key: reader.text("key", 0...77), expiresIn: reader.integer("expires_in", 60...2_592_000).map(Int.init) ?? 3600,
                payerTaxID: reader.text("payer_tax_id", unbounded), payerName: reader.text("payer_name", unbounded)))
    }

    private static func upi(_ body: JSON, _ pointer: String, _ outer: inout MemberReader) -> PaymentMethod? {
        var reader = MemberReader(body, at: pointer, allowing: ["flow", "payer_vpa", "payee_vpa"])
        defer { outer.adopt(reader.errors) }
        let flow = reader.word("flow", UPI.Flow.self) ?? .pay
        guard let payer = reader.text("payer_vpa", unbounded, required: true),
            let payee = reader.text("payee_vpa", unbounded, required: true)
        else { return nil }
        return .upi(UPI(flow: flow, payerVPA: payer, payeeVPA: payee))
    }

    private static func bankTransfer(_ body: JSON, _ pointer: String, _ outer: inout MemberReader) -> PaymentMethod? {
        var reader = MemberReader(body, at: pointer, allowing: ["debtor", "creditor"])
        defer { outer.adopt(reader.errors) }
        let debtor = account("debtor", &reader)
        let creditor = account("creditor", &reader)
        guard let debtor, let creditor else { return nil }
        return .bankTransfer(BankTransfer(debtor: debtor, creditor: creditor))
    }

    private static func account(_ name: String, _ outer: inout MemberReader) -> BankAccount? {
        guard let body = outer.value(name) else {
            outer.fail(name, "is required")
            return nil
        }
        var reader = MemberReader(body, at: outer.pointer(to: name), allowing: ["account", "agent", "name"])
        defer { outer.adopt(reader.errors) }
        let agent = reader.text("agent", 0...35)
        let holder = reader.text("name", 0...140)
        return reader.text("account", 0...34, required: true).map { BankAccount(account: $0, agent: agent, name: holder) }
    }

    private static func wallet(_ body: JSON, _ pointer: String, _ outer: inout MemberReader) -> PaymentMethod? {
        var reader = MemberReader(body, at: pointer, allowing: ["provider", "token", "return_url"])
        defer { outer.adopt(reader.errors) }
        let token = reader.text("token", unbounded)
        let returnURL = reader.text(
            "return_url", unbounded, where: isURI, saying: "must be a URI such as https://shop.example/done")
        return reader.text("provider", unbounded, required: true).map {
            .wallet(Wallet(provider: $0, token: token, returnURL: returnURL))
        }
    }
}
