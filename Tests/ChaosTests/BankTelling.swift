import AdapterKit
import MockGateways

/// What a bank tells about a charge that it has left pending: five events, each with an id of its own.
struct BankTelling: Sendable {
    /// How Drawbridge names what each event says, in its history.
    enum Word: String, Sendable, CaseIterable {
        case pending
        case requiresAction = "requires_action"
        case approved
    }

    struct Event: Sendable {
        let id: String
        let payment: String
        let word: Word
        let body: [UInt8]
    }

    /// In the order in which they happened. They may arrive in any.
    static let words: [Word] = [.pending, .requiresAction, .pending, .approved, .approved]

    let events: [Event]

    /// - Parameters:
    ///   - pending: as the charge was first answered.
    ///   - approved: as it stands in the books by now.
    init(pending: Charge, approved: Charge, at now: Timestamp) {
        let asking = pending.json.with("status", .string("ACTION_REQUIRED")).with("action", Self.action)
        events = Self.words.enumerated().map { number, word in
            let data =
                switch word {
                case .pending: pending.json
                case .requiresAction: asking
                case .approved: approved.json
                }
            let id = "\(pending.reference)-\(number)"
            let event = BankEvent(id: id, kind: .chargeUpdated, occurredAt: now, data: data)
            return Event(id: id, payment: pending.reference, word: word, body: event.body)
        }
    }

    private static let action = JSON.members([
        ("type", .string("redirect")), ("url", .string("https://bank.example/approve")), ("qr_payload", .null),
        ("expires_at", .string("2049-01-01T00:00:00Z")),
    ])
}

extension JSON {
    fileprivate func with(_ name: String, _ value: JSON) -> JSON {
        .object((members ?? []).map { $0.name == name ? Member(name, value) : $0 })
    }
}
