public import Payments

/// The trails that all replicas share. Those of gateways and tenants lie in the slots of what their entries are about, whose own
/// scripts write them too.
public final class RedisAuditLog: AuditLog {
    private static let longestPage = 1_000

    private let client: RedisClient
    private let keys: RedisKeys

    /// Over the connections of the payments, which start and end them.
    public init(beside payments: RedisPaymentStore) {
        client = payments.client
        keys = payments.keys
    }

    public func append(_ entry: HistoryEntry, to subject: AuditSubject) async throws(StoreFailure) {
        if case .payment = subject { throw .notOfThisLog }
        _ = try await client.send([
            keys.register(subject), RedisAuditScript.append(entry, to: subject, at: keys.trail(of: subject)),
        ])
    }

    public func trail(of subject: AuditSubject, after number: Int, limit: Int) async throws(StoreFailure) -> AuditTrail {
        let count = min(max(1, limit), Self.longestPage)
        let read = RedisAuditScript.read(keys.trail(of: subject), after: number, limit: count, kept: subject.limit)
        return try RedisFields.auditPage(try await client.send([read]).first, of: subject)
    }

    public func subjects() async throws(StoreFailure) -> Set<AuditSubject> {
        let members = try await client.send([RedisCommand("SMEMBERS", keys.auditSubjects)]).first?.elements ?? []
        return Set(members.compactMap { $0.text.flatMap { AuditSubject($0) } })
    }
}
