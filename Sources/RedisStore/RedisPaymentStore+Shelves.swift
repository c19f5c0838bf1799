public import Payments

extension RedisPaymentStore {
    public func listed(on shelf: Shelf.Kind, after: String?, limit: Int) async throws(StoreFailure) -> ShelfPage {
        var places = try await places(on: shelf, after: try Self.cursor(after), limit: limit + 1)
        let next = places.count > limit ? places[..<limit].last?.text ?? after : nil
        places = Array(places.prefix(limit))
        guard !places.isEmpty else { return ShelfPage(items: [], next: next) }
        let replies = try await client.replies(to: places.map { load($0.member.work) })
        var items: [ShelfPage.Item] = []
        for (place, reply) in zip(places, replies) {
            if let item = try Self.item(place, reply) { items.append(item) }
        }
        return ShelfPage(items: items, next: next)
    }

    private static func cursor(_ text: String?) throws(StoreFailure) -> RedisShelfCursor? {
        guard let text else { return nil }
        guard let cursor = RedisShelfCursor(text), RedisKeys.buckets.contains(cursor.member.work.payment.bucket) else {
            throw StoreFailure(code: .refused, detail: "not a cursor of this store")
        }
        return cursor
    }

    /// At most `limit`, in the order of the buckets: the rest of the cursor's own bucket first.
    private func places(
        on shelf: Shelf.Kind, after cursor: RedisShelfCursor?, limit: Int
    ) async throws(StoreFailure) -> [RedisShelfCursor] {
        var found: [RedisShelfCursor] = []
        var rest = RedisKeys.buckets[...]
        if let cursor {
            let bucket = cursor.member.work.payment.bucket
            found = try await places(on: shelf, in: bucket, after: cursor, limit: limit)
            rest = rest.drop { $0 != bucket }.dropFirst()
        }
        while found.count < limit, !rest.isEmpty {
            let commands = rest.prefix(Self.bucketsAtOnce).map { range(of: shelf, in: $0, from: "-inf", count: limit) }
            rest = rest.dropFirst(Self.bucketsAtOnce)
            for reply in try await client.send(commands) { found += try Self.places(reply) }
        }
        return Array(found.prefix(limit))
    }

    /// Reads from the cursor's score on, and more as long as all that was read lies before the cursor.
    private func places(
        on shelf: Shelf.Kind, in bucket: String, after cursor: RedisShelfCursor, limit: Int
    ) async throws(StoreFailure) -> [RedisShelfCursor] {
        var count = limit + 1
        while true {
            let command = range(of: shelf, in: bucket, from: String(cursor.score), count: count)
            let read = try Self.places(try await client.send([command]).first ?? .null)
            let behind = read.filter { cursor.isBefore($0) }
            if !behind.isEmpty || read.count < count { return behind }
            count *= 2
        }
    }

    private func range(of shelf: Shelf.Kind, in bucket: String, from score: String, count: Int) -> RedisCommand {
        RedisCommand(
            "ZRANGEBYSCORE", keys.shelf(shelf, bucket), score, "+inf", "WITHSCORES", "LIMIT", "0", String(count))
    }

    private static func places(_ reply: RedisReply) throws(StoreFailure) -> [RedisShelfCursor] {
        let words = (reply.elements ?? []).map(\.text)
        return try stride(from: 0, to: words.count - 1, by: 2).map { index throws(StoreFailure) in
            guard let member = words[index].flatMap({ RedisMember($0) }), let score = words[index + 1].flatMap({ Int64($0) })
            else { throw unexpected }
            return RedisShelfCursor(score: score, member: member)
        }
    }

    /// `nil` when it is gone; without its work when that cannot be read.
    private static func item(_ place: RedisShelfCursor, _ reply: RedisReply) throws(StoreFailure) -> ShelfPage.Item? {
        do throws(StoreFailure) {
            if let failure = StoreFailure(reply) { throw failure }
            return try work(try parts(of: [reply])).map { .init(id: place.member.work, work: $0) }
        } catch {
            guard error.code == .unreadable else { throw error }
            return .init(id: place.member.work, work: nil)
        }
    }

    public func tally() async throws(StoreFailure) -> [Shelf: Int] {
        var tally: [Shelf: Int] = [:]
        for start in stride(from: 0, to: RedisKeys.buckets.count, by: Self.bucketsAtOnce) {
            let buckets = RedisKeys.buckets[start...].prefix(Self.bucketsAtOnce)
            for reply in try await client.send(buckets.map { RedisCommand("HGETALL", keys.tally($0)) }) {
                for (shelf, count) in try Self.counts(reply) { tally[shelf, default: 0] += count }
            }
        }
        return tally
    }

    public func gatewaysAtWork() async throws(StoreFailure) -> Set<String> {
        var gateways = Set(try await tally().keys.map(\.gateway))
        for start in stride(from: 0, to: RedisKeys.buckets.count, by: Self.bucketsAtOnce) {
            let buckets = RedisKeys.buckets[start...].prefix(Self.bucketsAtOnce)
            for reply in try await client.send(buckets.map { RedisCommand("ZRANGE", keys.due($0), "0", "-1") }) {
                gateways.formUnion((reply.elements ?? []).compactMap { $0.text.flatMap(RedisMember.init)?.gateway })
            }
        }
        return gateways.subtracting([""])
    }

    private static func counts(_ reply: RedisReply) throws(StoreFailure) -> [(Shelf, Int)] {
        let words = (reply.elements ?? []).map(\.text)
        return try stride(from: 0, to: words.count - 1, by: 2).map { index throws(StoreFailure) in
            guard let field = words[index], let space = field.firstIndex(of: " "),
                let kind = Shelf.Kind(rawValue: String(field[..<space])), let count = words[index + 1].flatMap({ Int($0) })
            else { throw unexpected }
            return (Shelf(kind, gateway: String(field[field.index(after: space)...])), count)
        }
    }
}
