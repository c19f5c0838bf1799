import Logging
public import Payments

extension RedisEventStore {
    /// Entries of one outbox that one relay moves.
    private static let entriesAtOnce = 200
    /// Outboxes that are read in one flush.
    private static let bucketsAtOnce = 128
    /// Entries that one script appends: Redis does nothing else meanwhile.
    private static let eventsAtOnce = 200
    /// Entries that cannot be read, of one bucket, that are kept to be looked at.
    private static let corruptKept = 100

    struct Waiting: Sendable {
        let bucket: String
        /// In its outbox.
        let id: String
        /// `nil`: it cannot be read.
        let event: PaymentEvent?
    }

    /// What goes wrong for one bucket or tenant holds up no other; the first failure is thrown at the end.
    public func relay(
        of payments: Set<PaymentID>?, to endpoints: @Sendable (PaymentEvent) -> [EndpointID]
    ) async throws(StoreFailure) -> Set<String> {
        let buckets = payments.map { Set($0.map(\.bucket)).sorted() } ?? RedisKeys.buckets
        var grown: Set<String> = []
        var failure: StoreFailure?
        for start in stride(from: 0, to: buckets.count, by: Self.bucketsAtOnce) {
            let waiting = try await outboxes(of: Array(buckets[start...].prefix(Self.bucketsAtOnce)), &failure)
            await discard(waiting.filter { $0.event == nil }, &failure)
            for (tenant, own) in Dictionary(grouping: waiting.filter { $0.event != nil }, by: { $0.event?.tenant ?? "" }) {
                do throws(StoreFailure) {
                    if try await relay(own, of: tenant, to: endpoints) { grown.insert(tenant) }
                } catch {
                    failure = failure ?? error
                }
            }
        }
        if let failure { throw failure }
        return grown
    }

    /// The heads of outboxes. Entries leave only once they were appended, so every relay begins at the first that was not.
    func outboxes(of buckets: [String], _ failure: inout StoreFailure?) async throws(StoreFailure) -> [Waiting] {
        let reads = buckets.map { RedisCommand("XRANGE", keys.outbox($0), "-", "+", "COUNT", String(Self.entriesAtOnce)) }
        var found: [Waiting] = []
        for (bucket, reply) in zip(buckets, try await client.replies(to: reads)) {
            failure = failure ?? StoreFailure(reply)
            found += (reply.elements ?? []).compactMap { Self.waiting($0, in: bucket) }
        }
        return found
    }

    private static func waiting(_ reply: RedisReply, in bucket: String) -> Waiting? {
        guard let entry = reply.elements, let id = entry.first?.text else { return nil }
        return Waiting(bucket: bucket, id: id, event: RedisEvent.event(entry, tenant: nil))
    }

    /// - Returns: whether the feed has grown.
    private func relay(
        _ waiting: [Waiting], of tenant: String, to endpoints: @Sendable (PaymentEvent) -> [EndpointID]
    ) async throws(StoreFailure) -> Bool {
        var added = 0
        for start in stride(from: 0, to: waiting.count, by: Self.eventsAtOnce) {
            let batch = Array(waiting[start...].prefix(Self.eventsAtOnce))
            added += try await append(batch.compactMap(\.event), of: tenant, to: endpoints)
            try await clear(batch)
        }
        return added > 0
    }

    /// - Returns: how many were not appended before.
    func append(
        _ events: [PaymentEvent], of tenant: String, to endpoints: @Sendable (PaymentEvent) -> [EndpointID]
    ) async throws(StoreFailure) -> Int {
        let arguments = events.flatMap { RedisEvent.arguments($0, to: endpoints($0).names(of: tenant)) }
        guard let added = try await run(.appendEvents, of: tenant, arguments).first?.integer else { throw RedisEvent.unreadable }
        return Int(added)
    }

    /// Takes out of the outboxes what was appended.
    func clear(_ waiting: [Waiting]) async throws(StoreFailure) {
        let buckets = Dictionary(grouping: waiting, by: \.bucket)
        _ = try await client.send(
            buckets.map { bucket, entries in
                RedisCommand("XDEL", ([keys.outbox(bucket)] + entries.map(\.id)).map(RedisFields.bytes))
            })
    }

    /// What cannot be read must not stand before the rest for ever.
    private func discard(_ corrupt: [Waiting], _ failure: inout StoreFailure?) async {
        for (bucket, entries) in Dictionary(grouping: corrupt, by: \.bucket) {
            logger.warning("events that cannot be read were taken out of an outbox", metadata: ["bucket": "\(bucket)"])
            let script = RedisScript.discard.call(
                keys: [keys.outbox(bucket), keys.corrupt(bucket)],
                ([String(Self.corruptKept)] + entries.map(\.id)).map(RedisFields.bytes))
            do throws(StoreFailure) {
                _ = try await client.send([script])
            } catch {
                failure = failure ?? error
            }
        }
    }
}
