import AdapterKit
import Logging
public import Payments

extension RedisCallbackStore {
    public func keep(_ callback: KeptCallback, limit: Int) async throws(StoreFailure) -> KeepResult {
        let texts = [callback.id.text, callback.kind.rawValue, callback.gateway, String(limit)]
        let kinds = KeptCallback.Kind.allCases.map(\.rawValue)
        let script = RedisCallbackScript.keep.call(
            keys: keys.all, texts.map(RedisFields.bytes) + (try RedisFields.callback(callback)) + kinds.map(RedisFields.bytes))
        switch try await client.send([script]).first?.text {
        case "kept": return .kept
        case "before": return .keptBefore
        case "full": return .full
        default: throw RedisPaymentStore.unexpected
        }
    }

    public func drop(_ callback: CallbackID) async throws(StoreFailure) {
        _ = try await client.send([RedisCallbackScript.drop.call(keys: keys.all, [RedisFields.bytes(callback.text)])])
    }

    public func decide(_ decision: CallbackDecision) async throws(StoreFailure) {
        let arguments = [
            RedisFields.bytes(decision.callback.text), try RedisFields.json(decision),
            RedisFields.bytes(String(StoreLimits.callbackDecisions)),
        ]
        _ = try await client.send([RedisCallbackScript.drop.call(keys: keys.all + [keys.decisions], arguments)])
    }

    public func decisions(limit: Int) async throws(StoreFailure) -> [CallbackDecision] {
        guard limit > 0 else { return [] }
        let range = RedisCommand("LRANGE", keys.decisions, "0", String(limit - 1))
        return try (try await client.send([range]).first?.elements ?? []).map { reply throws(StoreFailure) in
            guard let json = reply.bytes else { throw RedisPaymentStore.unexpected }
            return try RedisFields.read(CallbackDecision.self, from: json)
        }
    }

    public func kept(_ callback: CallbackID) async throws(StoreFailure) -> KeptCallback? {
        try RedisFields.callback(try await client.send([load(callback.text)]).first)
    }

    /// One that cannot be read is left out and logged: `kept` says so of it, and it can be dropped.
    public func listed(_ kind: KeptCallback.Kind, after: String?, limit: Int) async throws(StoreFailure) -> KeptCallbackPage {
        let after = try after.map { text throws(StoreFailure) in "(" + (try CallbackCursor(text).text) } ?? "-inf"
        let range = RedisCommand(
            "ZRANGEBYSCORE", keys.shelf(kind), after, "+inf", "WITHSCORES", "LIMIT", "0", String(max(0, limit) + 1))
        let places = try Self.places(try await client.send([range]).first)
        let page = places.prefix(max(0, limit))
        let next = places.count > page.count ? page.last.map { CallbackCursor(number: $0.number).text } : nil
        guard !page.isEmpty else { return KeptCallbackPage(callbacks: [], next: next) }
        let replies = try await client.send(page.map { load($0.id) })
        return KeptCallbackPage(callbacks: zip(page, replies).compactMap { readable($0.id, $1) }, next: next)
    }

    public func tally() async throws(StoreFailure) -> [KeptCallbackShelf: Int] {
        let words = (try await client.send([RedisCommand("HGETALL", keys.tally)]).first?.elements ?? []).map(\.text)
        var tally: [KeptCallbackShelf: Int] = [:]
        for index in stride(from: 0, to: words.count - 1, by: 2) {
            guard let shelf = words[index].flatMap(Self.shelf), let count = words[index + 1].flatMap({ Int($0) }) else {
                throw RedisPaymentStore.unexpected
            }
            tally[shelf] = count
        }
        return tally
    }

    private func load(_ id: String) -> RedisCommand { RedisCommand("HMGET", keys.kept, id, id + ":seal") }

    private func readable(_ id: String, _ reply: RedisReply) -> KeptCallback? {
        do throws(StoreFailure) {
            return try RedisFields.callback(reply)
        } catch {
            logger.warning("a kept callback is not listed: \(error.detail)", metadata: ["callback": "\(id)"])
            return nil
        }
    }

    private static func places(_ reply: RedisReply?) throws(StoreFailure) -> [(id: String, number: Int64)] {
        let words = (reply?.elements ?? []).map(\.text)
        return try stride(from: 0, to: words.count - 1, by: 2).map { index throws(StoreFailure) in
            guard let id = words[index], let number = words[index + 1].flatMap({ Int64($0) }) else {
                throw RedisPaymentStore.unexpected
            }
            return (id, number)
        }
    }

    /// `kind gateway`.
    private static func shelf(_ text: String) -> KeptCallbackShelf? {
        guard let space = text.firstIndex(of: " "), let kind = KeptCallback.Kind(rawValue: String(text[..<space])) else {
            return nil
        }
        return KeptCallbackShelf(gateway: String(text[text.index(after: space)...]), kind: kind)
    }
}
