public import AdapterKit

/// Reading trails, for operators and for verification: entries as they are stored, with nothing judged on the way.
public struct AuditReview: Sendable {
    /// Entries of one page of a trail that is no payment's.
    public static let pageLimit = 100

    private let store: any PaymentStore
    private let log: any AuditLog

    public init(store: any PaymentStore, log: any AuditLog) {
        self.store = store
        self.log = log
    }

    /// All that is remembered to have happened to a payment, oldest first.
    public func trail(of payment: PaymentID) async throws(Problem) -> JSON {
        let trail = try await reaching { () async throws(StoreFailure) in try await self.store.trail(of: payment) }
        if trail.head == nil, trail.rows.isEmpty, try await !isKept(payment) {
            throw Problem(.notFound, "There is no such payment or operation.")
        }
        return trail.json(next: nil, since: try await beginning(of: trail, payment))
    }

    /// Entries do not tell it where the first ones have gone.
    private func beginning(of trail: AuditTrail, _ payment: PaymentID) async throws(Problem) -> Timestamp? {
        if let first = trail.rows.first, first.number == 1, let entry = first.entry { return entry.at }
        do { return try await store.work(WorkID(payment))?.payment.record.createdAt } catch {
            if error.code == .unreadable { return trail.rows.first?.entry?.at }
            throw Problem(error)
        }
    }

    /// A page of what happened to a gateway, a tenant or the configuration, oldest first.
    /// - Parameter number: of the last entry seen.
    public func trail(of subject: AuditSubject, after number: Int, limit: Int) async throws(Problem) -> JSON {
        if case .payment(let id) = subject { return try await trail(of: id) }
        let trail = try await reaching { () async throws(StoreFailure) in
            try await self.log.trail(of: subject, after: number, limit: limit)
        }
        let newest = trail.head?.number ?? 0
        let end = max(number, newest - subject.limit) + limit
        return trail.json(next: end < newest ? end : nil)
    }

    /// All that has a trail: first what is no payment, then the payments, page by page.
    public func subjects(after: String?, limit: Int) async throws(Problem) -> JSON {
        let others = after == nil ? try await reaching { () async throws(StoreFailure) in try await self.log.subjects() } : []
        let page = try await reaching { () async throws(StoreFailure) in
            try await self.store.payments(after: after, limit: limit)
        }
        let names = others.map(\.description).sorted() + page.ids.map(\.text)
        return .members([("data", .array(names.map { .string($0) })), ("next", .optional(page.next))])
    }

    private func isKept(_ payment: PaymentID) async throws(Problem) -> Bool {
        do { return try await store.work(WorkID(payment)) != nil } catch {
            if error.code == .unreadable { return true }
            throw Problem(error)
        }
    }

    private func reaching<Value>(_ body: () async throws(StoreFailure) -> Value) async throws(Problem) -> Value {
        do { return try await body() } catch { throw Problem(error) }
    }
}
