import AdapterKit

/// What a gateway says in words of its own, and what it wants its payer to see: either may name a person. In memory it stands where
/// it belongs; stored it is in an envelope of its own.
///
/// What was stored in clear by an earlier version is read as it is, and sealed at its next write.
protocol WordsHolding {
    var words: Envelope? { get set }
    /// For what the envelope is sealed: the record, and the role of it there.
    var wordsOwner: String { get }
    /// By their names in the envelope.
    var openWords: [(String, JSON?)] { get }
    mutating func take(_ words: JSON)
    mutating func dropWords()
}

extension WordsHolding {
    var hasOpenWords: Bool { openWords.contains { $0.1 != nil } }

    /// Puts them into the envelope, under the newest key. What could not be opened stays as it is, unless there is something newer.
    mutating func sealWords(_ vault: Vault) throws(VaultFailure) {
        guard hasOpenWords else { return }
        words = Envelope(try vault.sealRepeatably(JSON.present(openWords).encoded(), for: wordsOwner))
        dropWords()
    }

    /// Takes them out of the envelope, if there is one.
    mutating func unsealWords(_ vault: Vault) throws(VaultFailure) {
        guard let words else { return }
        let plain = try vault.open(words.bytes, for: wordsOwner)
        guard let json = try? JSON(parsing: plain) else { throw VaultFailure(reason: .malformed) }
        take(json)
        self.words = nil
    }
}

extension PaymentRecord: WordsHolding {
    var wordsOwner: String { "\(id)#words" }

    var openWords: [(String, JSON?)] {
        [
            ("failure", failure?.gatewayMessage.map { .string($0) }),
            ("decline", softDecline?.gatewayMessage.map { .string($0) }),
            ("url", nextAction?.url.map { .string($0) }), ("qr", nextAction?.qrPayload.map { .string($0) }),
        ]
    }

    mutating func take(_ words: JSON) {
        failure?.gatewayMessage = words["failure"]?.text
        softDecline?.gatewayMessage = words["decline"]?.text
        nextAction?.url = words["url"]?.text
        nextAction?.qrPayload = words["qr"]?.text
    }

    mutating func dropWords() { take(.null) }
}

extension OperationRecord: WordsHolding {
    var wordsOwner: String { "\(id)#words" }
    var openWords: [(String, JSON?)] { [("failure", failure?.gatewayMessage.map { .string($0) })] }
    mutating func take(_ words: JSON) { failure?.gatewayMessage = words["failure"]?.text }
    mutating func dropWords() { take(.null) }
}
