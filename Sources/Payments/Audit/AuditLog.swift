/// Trails about what is not one payment. Those of payments are written by the payment store, each entry with its change.
/// Two implementations, one conformance suite (TestKit): in memory and Redis.
///
/// Bounded: `AuditSubject.limit` of the newest entries of each subject.
public protocol AuditLog: Sendable {
    /// - Throws: `.refused` for a payment.
    func append(_ entry: HistoryEntry, to subject: AuditSubject) async throws(StoreFailure)
    /// The head, and the entries behind a number, oldest first, in one step.
    /// - Parameter limit: 1 to 1,000.
    func trail(of subject: AuditSubject, after number: Int, limit: Int) async throws(StoreFailure) -> AuditTrail
    /// All that has a trail.
    func subjects() async throws(StoreFailure) -> Set<AuditSubject>
}

extension StoreFailure {
    /// For a log that is asked to write about a payment.
    public static let notOfThisLog = StoreFailure(
        code: .refused, detail: "a payment's trail is written with its changes alone")
}
