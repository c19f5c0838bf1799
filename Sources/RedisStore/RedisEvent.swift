import AdapterKit
import Payments

/// An event as it stands in a stream.
enum RedisEvent {
    static let unreadable = StoreFailure(code: .unreadable, detail: "an event in Redis cannot be read")

    /// An entry of a stream, or one that looks like it: its id and its fields, names and values in turn.
    ///
    /// - Parameter tenant: `nil` where it stands among the fields.
    static func event(_ entry: [RedisReply], tenant: String?) -> PaymentEvent? {
        guard entry.count > 1, let fields = entry[1].elements else { return nil }
        var named: [String: RedisReply] = [:]
        for index in stride(from: 0, to: fields.count - 1, by: 2) {
            if let name = fields[index].text { named[name] = fields[index + 1] }
        }
        guard let tenant = tenant ?? named["tenant"]?.text, !tenant.isEmpty,
            let payment = named["payment"]?.text.flatMap({ PaymentID($0) }), let object = named["object"]?.text, !object.isEmpty,
            let version = named["version"]?.text.flatMap({ Int($0) }),
            let kind = named["kind"]?.text.flatMap(PaymentEvent.Kind.init),
            let cause = named["cause"]?.text.flatMap(HistoryEntry.Cause.init),
            let createdAt = named["at"]?.text.flatMap({ Int64($0) }), let sealed = named["data"]?.bytes
        else { return nil }
        return PaymentEvent(
            tenant: tenant, payment: payment, object: object, version: version, kind: kind, cause: cause,
            createdAt: Timestamp(milliseconds: createdAt), sealed: sealed)
    }

    static func feedEvent(_ reply: RedisReply, tenant: String) throws(StoreFailure) -> FeedEvent {
        guard let entry = reply.elements, let id = entry.first?.text.flatMap({ EventID(EventID.prefix + $0) }),
            let event = event(entry, tenant: tenant)
        else { throw unreadable }
        return FeedEvent(id: id, event: event)
    }

    /// What `appendEvents` is given of one.
    static func arguments(_ event: PaymentEvent, to endpoints: [String]) -> [[UInt8]] {
        let texts = [
            event.payment.text, event.object, String(event.version), event.kind.rawValue, event.cause.rawValue,
            String(event.createdAt.milliseconds),
        ]
        return texts.map(RedisFields.bytes) + [event.sealed] + [String(endpoints.count)].map(RedisFields.bytes)
            + endpoints.map(RedisFields.bytes)
    }
}

extension EventID {
    /// As Redis writes it.
    var place: String { "\(major)-\(minor)" }

    /// The member of sorted sets: in the order of the feed.
    var member: String { "\(Self.padded(major))-\(Self.padded(minor))" }

    private static func padded(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 20 - digits.utf8.count) + digits
    }
}
