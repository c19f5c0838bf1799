import Synchronization

/// The trails of one process, gone when it stops.
public final class MemoryAuditLog: AuditLog {
    private let trails = Mutex<[AuditSubject: AuditTrail]>([:])

    public init() {}

    public func append(_ entry: HistoryEntry, to subject: AuditSubject) async throws(StoreFailure) {
        if case .payment = subject { throw .notOfThisLog }
        write(entry, to: subject)
    }

    /// For stores that write it in one step with their change.
    func write(_ entry: HistoryEntry, to subject: AuditSubject) {
        trails.withLock { $0[subject, default: AuditTrail(of: subject)].append(entry) }
    }

    public func trail(of subject: AuditSubject, after number: Int, limit: Int) async throws(StoreFailure) -> AuditTrail {
        let trail = trails.withLock { $0[subject] } ?? AuditTrail(of: subject)
        return trail.page(after: number, limit: limit)
    }

    public func subjects() async throws(StoreFailure) -> Set<AuditSubject> { Set(trails.withLock { $0.keys }) }
}
