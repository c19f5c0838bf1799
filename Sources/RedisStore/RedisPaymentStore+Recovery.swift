public import Payments

extension RedisPaymentStore {
    /// Buckets that are asked in one flush: few round trips, and no payment waits long behind them.
    static let bucketsAtOnce = 128

    /// Where some buckets cannot be read, as when a node of a cluster is down, what is due in the others is given; the failure is
    /// thrown where that is nothing.
    public func due(limit: Int) async throws(StoreFailure) -> [DueWork] {
        guard limit > 0 else { return [] }
        let now = try await now()
        var found: [DueWork] = []
        var failure: StoreFailure?
        for start in stride(from: 0, to: RedisKeys.buckets.count, by: Self.bucketsAtOnce) {
            let commands = RedisKeys.buckets[start...].prefix(Self.bucketsAtOnce).map { bucket in
                RedisCommand("ZRANGEBYSCORE", keys.due(bucket), "-inf", String(now), "LIMIT", "0", String(limit))
            }
            for reply in try await client.replies(to: Array(commands)) {
                failure = failure ?? StoreFailure(reply)
                found += (reply.elements ?? []).compactMap { $0.text.flatMap(Self.dueWork) }
            }
        }
        if let failure, found.isEmpty { throw failure }
        return found
    }

    /// Milliseconds on Redis' clock.
    private func now() async throws(StoreFailure) -> Int64 {
        guard let parts = try await client.send([RedisCommand("TIME")]).first?.elements, parts.count == 2,
            let seconds = parts[0].text.flatMap({ Int64($0) }), let microseconds = parts[1].text.flatMap({ Int64($0) })
        else { throw Self.unexpected }
        return seconds * 1_000 + microseconds / 1_000
    }

    private static func dueWork(_ member: String) -> DueWork? {
        RedisMember(member).map { DueWork(id: $0.work, lane: $0.gateway) }
    }

    public func take(_ work: WorkID, lease: Lease) async throws(StoreFailure) -> TakeResult {
        let arguments = [operation(of: work), RedisFields.bytes(lease.token), RedisFields.bytes(lease.duration)]
        var script = RedisScript.take.call(keys: keys.all(of: work.payment), arguments)
        script.append([.recovered(work, at: time.now())], of: work.payment)
        let parts = try Self.parts(of: try await client.send([script]))
        switch parts.first?.text {
        case "taken": return .taken(try RedisFields.work(parts))
        case "gone": return .gone
        default: throw Self.unexpected
        }
    }

    public func work(_ id: WorkID) async throws(StoreFailure) -> StoredWork? {
        try Self.work(try Self.parts(of: try await client.send([load(id)])))
    }

    public func bury(_ work: WorkID, reason: DeadLetter.Reason) async throws(StoreFailure) {
        let arguments = [operation(of: work), RedisFields.bytes(reason.rawValue)]
        var script = RedisScript.bury.call(keys: keys.all(of: work.payment), arguments)
        script.append([.buried(work, reason, at: time.now())], of: work.payment)
        _ = try await client.send([script])
    }

    func load(_ id: WorkID) -> RedisCommand {
        RedisScript.loadWork.call(keys: keys.all(of: id.payment), [operation(of: id)])
    }

    /// `nil` when it is not there.
    static func work(_ parts: [RedisReply]) throws(StoreFailure) -> StoredWork? {
        switch parts.first?.text {
        case "found": try RedisFields.work(parts)
        case "none": nil
        default: throw unexpected
        }
    }

    func operation(of work: WorkID) -> [UInt8] { RedisFields.bytes(work.operation?.text ?? "") }
}
