import AdapterKit

/// The one form in which an entry is stored, hashed and exported: the same entry gives the same bytes.
extension HistoryEntry {
    /// `at` in milliseconds; what is `nil` is left out.
    public var canonical: [UInt8] {
        JSON.present([
            ("at", .integer(at.milliseconds)), ("version", .integer(Int64(version))), ("event", .string(event)),
            ("cause", .string(cause.rawValue)), ("actor", .present(actor)), ("operation", .present(operation?.text)),
            ("gateway", .present(gateway)), ("object", .present(object)), ("from", .present(from)), ("to", .present(to)),
            ("amount", amount.map { .integer($0) }), ("captured", captured?.json), ("refunded", refunded?.json),
            ("reason", .present(reason)),
        ]).encoded()
    }

    /// `nil` where it is not what `canonical` writes.
    public init?(canonical: [UInt8]) {
        guard let json = try? JSON(parsing: canonical), let at = json["at"]?.integer,
            let version = json["version"]?.integer.flatMap({ Int(exactly: $0) }), let event = json["event"]?.text,
            let cause = json["cause"]?.text.flatMap(Cause.init)
        else { return nil }
        self.init(
            at: Timestamp(milliseconds: at), version: version, event: event, cause: cause, actor: json["actor"]?.text,
            operation: json["operation"]?.text.flatMap { OperationID($0) }, gateway: json["gateway"]?.text,
            object: json["object"]?.text, from: json["from"]?.text, to: json["to"]?.text, amount: json["amount"]?.integer,
            reason: json["reason"]?.text)
        captured = json["captured"].flatMap(AmountChange.init)
        refunded = json["refunded"].flatMap(AmountChange.init)
        guard self.canonical == canonical else { return nil }
    }
}

extension HistoryEntry.AmountChange {
    init?(_ json: JSON) {
        guard let from = json["from"]?.integer, let to = json["to"]?.integer else { return nil }
        self.init(from: from, to: to)
    }

    var json: JSON { .members([("from", .integer(from)), ("to", .integer(to))]) }
}

extension JSON {
    fileprivate static func present(_ text: String?) -> JSON? { text.map { .string($0) } }
}
