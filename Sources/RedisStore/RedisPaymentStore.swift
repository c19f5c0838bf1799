import AdapterKit
public import Logging
public import NIOCore
public import Payments

/// The store that all replicas share. A claim and a settlement are one round trip each; in a Redis Cluster a claim under a quota is two.
///
/// Leases are judged on Redis' clock, inside the scripts.
public final class RedisPaymentStore: PaymentStore {
    let client: RedisClient
    let claims: RedisClient
    let keys: RedisKeys
    let time: any TimeSource
    private let waitReplicas: Int
    private let waitTimeout: Duration

    /// Connects to nothing yet: that is for `start()`.
    ///
    /// - Throws: `.refused` when the certificate authority cannot be read.
    public init(
        configuration: RedisConfiguration, time: any TimeSource, random: any RandomSource, logger: Logger,
        group: any EventLoopGroup
    ) throws(StoreFailure) {
        let connector = try RedisConnector(configuration: configuration, group: group)
        func client(takesTurns: Bool) -> RedisClient {
            RedisClient(
                connections: configuration.connections, takesTurns: takesTurns, timeout: configuration.timeout,
                connector: connector, time: time,
                random: random, logger: logger)
        }
        let general = client(takesTurns: false)
        self.client = general
        // WAIT holds up all that stands behind it on its connection: claims that wait for replicas get connections of their own.
        self.claims = configuration.waitReplicas > 0 ? client(takesTurns: true) : general
        self.keys = RedisKeys(prefix: configuration.keyPrefix)
        self.time = time
        self.waitReplicas = configuration.waitReplicas
        self.waitTimeout = configuration.timeout / 2
    }

    /// Begins to connect, and to connect again whenever a connection ends. Until then every step waits for up to the time-out.
    public func start() async {
        client.start()
        claims.start()
    }

    /// Ends all connections. What waits for a reply fails.
    public func shutdown() async {
        await client.shutdown()
        await claims.shutdown()
    }

    public func ping() async throws(StoreFailure) {
        _ = try await client.send([RedisCommand("PING")])
    }

    // MARK: Claims

    public func claim(_ claim: PaymentClaim) async throws(StoreFailure) -> PaymentClaimResult {
        let record = claim.record
        let spent = try await spending(claim.quota, of: record.tenant) { quota throws(StoreFailure) in
            script(of: claim, spending: quota)
        }
        if let spent { return try Self.result(of: claim, spent) }
        return try Self.result(of: claim, try await send([script(of: claim)] + listing(record, claim.keeping)))
    }

    private static func result(of claim: PaymentClaim, _ parts: [RedisReply]) throws(StoreFailure) -> PaymentClaimResult {
        switch parts.first?.text {
        case "limited": return .limited(try standing(parts, claim.quota))
        case "new": return .new
        case "awaited": return .awaited(callbacks(parts.dropFirst()))
        case "mismatch": return .mismatch
        case "replay": return .replay(try RedisFields.answer(parts.last))
        case "running": return .running(remaining: try RedisFields.duration(parts.last))
        case "current": return .current(try RedisFields.payment(parts.last))
        case "taken": return .takenOver(try RedisFields.payment(parts.last))
        default: throw unexpected
        }
    }

    private func script(of claim: PaymentClaim, spending quota: Quota? = nil) -> RedisCommand {
        let record = claim.record
        let index = keys.index(tenant: record.tenant, reference: record.reference)
        let others = quota.map { _ in [keys.quota(of: record.tenant), index] } ?? []
        var script = RedisScript.claimPayment.call(of: record.id, keys, and: others)
        appendHead(to: &script, claim.lease, answered: claim.answered, claim.keeping)
        script.append(record)
        script.append([claim.created, claim.takenOver], of: record.id)
        for fingerprint in claim.fingerprints { script.append(fingerprint) }
        if let quota {
            script.append(record.createdAt.milliseconds)
            script.append(quota)
        }
        return script
    }

    public func claim(_ claim: OperationClaim) async throws(StoreFailure) -> OperationClaimResult {
        let spent = try await spending(claim.quota, of: claim.record.tenant) { quota throws(StoreFailure) in
            try script(of: claim, spending: quota)
        }
        if let spent { return try result(of: claim, spent) }
        return try result(of: claim, try await send([try script(of: claim)]))
    }

    private func script(of claim: OperationClaim, spending quota: Quota? = nil) throws(StoreFailure) -> RedisCommand {
        let record = claim.record
        let others = quota.map { _ in [keys.quota(of: record.tenant)] } ?? []
        var script = RedisScript.claimOperation.call(of: record.payment, keys, and: others)
        appendHead(to: &script, claim.lease, answered: claim.answered, claim.keeping)
        script.append(record.id.text)
        script.append(record.kind.rawValue)
        script.append(claim.amount.map { String($0) } ?? "")
        for field in try RedisFields.operation(record) { script.append(field) }
        script.append(record.tenant)
        script.append(StoreLimits.operationsPerPayment)
        script.append([claim.requested, claim.takenOver], of: claim.record.payment)
        for fingerprint in claim.fingerprints { script.append(fingerprint) }
        if let quota { script.append(quota) }
        return script
    }

    private func result(of claim: OperationClaim, _ parts: [RedisReply]) throws(StoreFailure) -> OperationClaimResult {
        func payment() throws(StoreFailure) -> StoredPayment { try RedisFields.payment(parts.dropFirst().first) }
        func operation() throws(StoreFailure) -> OperationRecord { try RedisFields.operation(parts.dropFirst(2).first).record }
        switch parts.first?.text {
        case "limited": return .limited(try Self.standing(parts, claim.quota))
        case "new": return .new(try payment(), try operation())
        case "current": return .current(try payment(), try operation())
        case "taken": return .takenOver(try payment(), try operation())
        case "mismatch": return .mismatch
        case "not_found": return .notFound
        case "replay": return .replay(try RedisFields.answer(parts.last))
        case "running": return .running(remaining: try RedisFields.duration(parts.last))
        case "exceeds": return .exceeds(available: try RedisFields.amount(parts.last))
        case "invalid": return try Self.invalid(parts)
        case "full": throw StoreFailure(code: .full, detail: "too many operations on one payment")
        default: throw Self.unexpected
        }
    }

    private static func invalid(_ parts: [RedisReply]) throws(StoreFailure) -> OperationClaimResult {
        guard parts.count == 3, let status = parts[1].text.flatMap(PaymentRecord.Status.init) else { throw unexpected }
        return .invalidState(status, busy: parts[2].text == "1")
    }

    private func appendHead(to script: inout RedisCommand, _ lease: Lease, answered: Bool, _ keeping: Keeping) {
        script.append(lease.token)
        script.append(lease.duration)
        script.append(answered)
        script.append(keeping.retention)
        script.append(keeping.keys)
    }

    /// One flush for the script and what belongs to it; the script's reply.
    private func send(_ commands: [RedisCommand]) async throws(StoreFailure) -> [RedisReply] {
        try parts(ofReplicated: try await claims.send(commands + waiting))
    }

    /// The same of a server that stands alone, for a script with keys of several slots; `nil` of a Redis Cluster, which was sent nothing.
    func sendAlone(_ script: RedisCommand) async throws(StoreFailure) -> [RedisReply]? {
        guard let replies = try await claims.sendAlone([script] + waiting) else { return nil }
        return try parts(ofReplicated: replies)
    }

    private var waiting: [RedisCommand] {
        guard waitReplicas > 0 else { return [] }
        return [RedisCommand("WAIT", String(waitReplicas), String(max(1, waitTimeout.wholeMilliseconds)))]
    }

    private func parts(ofReplicated replies: [RedisReply]) throws(StoreFailure) -> [RedisReply] {
        if waitReplicas > 0 {
            guard let count = replies.last?.integer, count >= waitReplicas else {
                throw StoreFailure(code: .tooFewReplicas, detail: "fewer replicas than wanted have what was written")
            }
        }
        return try Self.parts(of: replies)
    }

    static func parts(of replies: [RedisReply]) throws(StoreFailure) -> [RedisReply] {
        guard let parts = replies.first?.elements else { throw unexpected }
        return parts
    }

    static let unexpected = StoreFailure(code: .unreadable, detail: "a reply of Redis is not what its script gives")

    /// The index is written with every claim that might be new. It outlives its payments, and reading it passes over the dead.
    private func listing(_ record: PaymentRecord, _ keeping: Keeping) -> [RedisCommand] {
        let index = keys.index(tenant: record.tenant, reference: record.reference)
        let kept = (keeping.retention + keeping.keys).wholeMilliseconds
        return [
            RedisCommand("ZADD", index, "NX", String(record.createdAt.milliseconds), record.id.text),
            RedisCommand("ZREMRANGEBYRANK", index, "0", String(-StoreLimits.paymentsPerReference - 1)),
            RedisCommand("PEXPIRE", index, String(kept)),
        ]
    }

    // MARK: Changes

    public func settle(_ settlement: Settlement) async throws(StoreFailure) -> SettleResult {
        let record = settlement.record
        var script = RedisScript.settle.call(of: record.id, keys)
        script.append(settlement.expectedVersion)
        script.append(settlement.keeping.retention)
        script.append(settlement.keeping.keys)
        script.appendEnding(fixed: settlement.fixed, hold: settlement.hold, wake: settlement.wake)
        script.append(record)
        try script.append(settlement.operation)
        script.appendTold(settlement)
        script.append(RedisFields.mark(settlement.mark))
        script.append(settlement.events)
        script.append(settlement.history, of: record.id)
        // An attempt that is announced leaves only once the replicas have it, as the first one does with its claim (O5).
        // So does what a callback is acknowledged on (P4).
        let parts =
            settlement.announces || settlement.mark != nil
            ? try await send([script]) : try Self.parts(of: try await client.send([script]))
        switch parts.first?.text {
        case "done":
            guard let before = parts.last?.bytes, !before.isEmpty else { return .done }
            return .answeredBefore(try RedisFields.answer(parts.last))
        case "restored":
            _ = try await client.send(listing(record, settlement.keeping))
            return .done
        case "conflict": return try Self.conflict(parts)
        case "duplicate": return .duplicate
        default: throw Self.unexpected
        }
    }

    private static func conflict(_ parts: [RedisReply]) throws(StoreFailure) -> SettleResult {
        let work = try RedisFields.work(parts)
        return .conflict(work.payment, work.operation)
    }

    public func markAnswered(_ payment: PaymentID, operation: OperationID?) async throws(StoreFailure) {
        let mark = RedisScript.markAnswered.call(keys: keys.all(of: payment), [RedisFields.bytes(operation?.text ?? "")])
        _ = try await client.send([mark])
    }

    // MARK: Reading

    public func payment(_ id: PaymentID, tenant: String) async throws(StoreFailure) -> StoredPayment? {
        try await payments([id], tenant: tenant).first
    }

    public func openOperations(of payment: PaymentID) async throws(StoreFailure) -> [OperationRecord] {
        let parts = try Self.parts(of: try await client.send([RedisScript.openOperations.call(keys: keys.all(of: payment), [])]))
        return try parts.dropFirst().map { part throws(StoreFailure) in try RedisFields.operation(part).record }
    }

    public func payments(tenant: String, reference: String, limit: Int) async throws(StoreFailure) -> [StoredPayment] {
        let range = RedisCommand("ZREVRANGE", keys.index(tenant: tenant, reference: reference), "0", "-1")
        var ids = try Self.parts(of: try await client.send([range])).compactMap { $0.text.flatMap { PaymentID($0) } }[...]
        var found: [StoredPayment] = []
        // Some of the ids may have expired: then more are read, until there are enough.
        while found.count < limit, !ids.isEmpty {
            let step = ids.prefix(limit - found.count)
            ids = ids.dropFirst(step.count)
            found += try await payments(Array(step), tenant: tenant).filter { $0.record.reference == reference }
        }
        return found
    }

    /// Those of the tenant's that are there, in one round trip.
    private func payments(_ ids: [PaymentID], tenant: String) async throws(StoreFailure) -> [StoredPayment] {
        let loads = ids.map { RedisScript.loadPayment.call(keys: keys.all(of: $0), [RedisFields.bytes(tenant)]) }
        var found: [StoredPayment] = []
        for reply in try await client.send(loads) {
            let parts = try Self.parts(of: [reply])
            if parts.count == 2 { found.append(try RedisFields.payment(parts[1])) }
        }
        return found
    }
}

extension Settlement {
    /// Whether its owner is about to send: it holds on to its lease.
    fileprivate var announces: Bool {
        switch operation?.hold ?? hold {
        case .renew: true
        case .keep, .release: false
        }
    }
}
