package import Payments

/// The one store that all replicas share, and what befalls it.
package final class SimulatedStorage: @unchecked Sendable {  // its schedule's thread alone touches it
    package enum Fault: Sendable {
        /// Nothing is done.
        case away
        /// It is done, and nobody hears of it.
        case replyLost
    }

    package typealias Settle =
        @Sendable (Settlement, any PaymentStore, SimulatedProcess) async throws(StoreFailure) -> SettleResult
    package typealias Claim = @Sendable (OperationClaim, any PaymentStore) async throws(StoreFailure) -> OperationClaimResult

    package let schedule: SimulatedSchedule
    package private(set) var kept: any PaymentStore
    /// What befalls one call.
    package var fault: @Sendable (String) -> Fault? = { _ in nil }
    /// Microseconds that one way takes.
    package var latency: @Sendable () -> Int64 = { 0 }
    /// Mistakes that a store can make, in place of what it should do.
    package var mistakenSettle: Settle?
    package var mistakenClaim: Claim?
    package var alteredLease: (@Sendable (Lease) -> Lease)?
    /// Where all that is written is noted, if some of it is to be lost.
    package var journal: SimulatedJournal?
    /// Told of every change that was written.
    package var written: (@Sendable (Settlement) -> Void)?

    package init(_ kept: any PaymentStore, schedule: SimulatedSchedule) {
        self.kept = kept
        self.schedule = schedule
    }

    package func settle(_ settlement: Settlement) async throws(StoreFailure) -> SettleResult {
        journal?.write { _ = try? await $0.settle(settlement) }
        let result = try await kept.settle(settlement)
        if result == .duplicate { return result }
        if case .conflict = result { return result }
        written?(settlement)
        return result
    }

    /// Another store takes its place: one that has lost something.
    package func replace(with other: any PaymentStore) { kept = other }
}

/// One process's connection to the store.
package struct SimulatedStore: PaymentStore {
    private let storage: SimulatedStorage
    private let process: SimulatedProcess

    package init(storage: SimulatedStorage, process: SimulatedProcess) {
        self.storage = storage
        self.process = process
    }

    package func claim(_ claim: PaymentClaim) async throws(StoreFailure) -> PaymentClaimResult {
        var claim = claim
        if let altered = storage.alteredLease { claim.lease = altered(claim.lease) }
        return try await passing("claim") { [claim] store throws(StoreFailure) in
            storage.journal?.write { _ = try? await $0.claim(claim) }
            return try await store.claim(claim)
        }
    }

    package func claim(_ claim: OperationClaim) async throws(StoreFailure) -> OperationClaimResult {
        try await passing("claim") { store throws(StoreFailure) in
            if let mistaken = storage.mistakenClaim { return try await mistaken(claim, store) }
            storage.journal?.write { _ = try? await $0.claim(claim) }
            return try await store.claim(claim)
        }
    }

    package func settle(_ settlement: Settlement) async throws(StoreFailure) -> SettleResult {
        try await passing("settle") { store throws(StoreFailure) in
            if let mistaken = storage.mistakenSettle { return try await mistaken(settlement, store, process) }
            return try await storage.settle(settlement)
        }
    }

    package func markAnswered(_ payment: PaymentID, operation: OperationID?) async throws(StoreFailure) {
        try await passing("mark") { store throws(StoreFailure) in
            storage.journal?.write { try? await $0.markAnswered(payment, operation: operation) }
            try await store.markAnswered(payment, operation: operation)
        }
    }

    package func payment(_ id: PaymentID, tenant: String) async throws(StoreFailure) -> StoredPayment? {
        try await passing("read") { store throws(StoreFailure) in try await store.payment(id, tenant: tenant) }
    }

    package func openOperations(of payment: PaymentID) async throws(StoreFailure) -> [OperationRecord] {
        try await passing("read") { store throws(StoreFailure) in
            // In one order: that of a dictionary changes from run to run.
            try await store.openOperations(of: payment).sorted { $0.id.text < $1.id.text }
        }
    }

    package func payments(tenant: String, reference: String, limit: Int) async throws(StoreFailure) -> [StoredPayment] {
        try await passing("read") { store throws(StoreFailure) in
            try await store.payments(tenant: tenant, reference: reference, limit: limit)
        }
    }

    package func ping() async throws(StoreFailure) {
        try await passing("read") { store throws(StoreFailure) in try await store.ping() }
    }

    package func due(limit: Int) async throws(StoreFailure) -> [DueWork] {
        try await passing("due") { store throws(StoreFailure) in
            try await store.due(limit: limit).sorted { $0.id.description < $1.id.description }
        }
    }

    package func take(_ work: WorkID, lease: Lease) async throws(StoreFailure) -> TakeResult {
        let lease = storage.alteredLease?(lease) ?? lease
        return try await passing("take") { store throws(StoreFailure) in
            storage.journal?.write { _ = try? await $0.take(work, lease: lease) }
            return try await store.take(work, lease: lease)
        }
    }

    package func work(_ id: WorkID) async throws(StoreFailure) -> StoredWork? {
        try await passing("read") { store throws(StoreFailure) in try await store.work(id) }
    }

    package func bury(_ work: WorkID, reason: DeadLetter.Reason) async throws(StoreFailure) {
        try await passing("bury") { store throws(StoreFailure) in try await store.bury(work, reason: reason) }
    }

    package func listed(on shelf: Shelf.Kind, after: String?, limit: Int) async throws(StoreFailure) -> ShelfPage {
        try await passing("list") { store throws(StoreFailure) in
            try await store.listed(on: shelf, after: after, limit: limit)
        }
    }

    package func tally() async throws(StoreFailure) -> [Shelf: Int] {
        try await passing("tally") { store throws(StoreFailure) in try await store.tally() }
    }

    package func gatewaysAtWork() async throws(StoreFailure) -> Set<String> {
        try await passing("gateways") { store throws(StoreFailure) in try await store.gatewaysAtWork() }
    }

    package func trail(of payment: PaymentID) async throws(StoreFailure) -> AuditTrail {
        try await passing("history") { store throws(StoreFailure) in try await store.trail(of: payment) }
    }

    package func payments(after: String?, limit: Int) async throws(StoreFailure) -> PaymentPage {
        try await passing("walk") { store throws(StoreFailure) in try await store.payments(after: after, limit: limit) }
    }

    package func match(
        _ work: WorkID, at gateway: String, orWait callback: CallbackID, for duration: Duration
    ) async throws(StoreFailure) -> MatchResult {
        try await passing("match") { store throws(StoreFailure) in
            storage.journal?.write { _ = try? await $0.match(work, at: gateway, orWait: callback, for: duration) }
            return try await store.match(work, at: gateway, orWait: callback, for: duration)
        }
    }

    package func waiting(for payment: PaymentID) async throws(StoreFailure) -> [CallbackID] {
        try await passing("waiting") { store throws(StoreFailure) in try await store.waiting(for: payment) }
    }

    package func note(
        _ mark: CallbackMark, _ entry: HistoryEntry, on payment: PaymentID
    ) async throws(StoreFailure) -> NoteResult {
        try await passing("note") { store throws(StoreFailure) in
            storage.journal?.write { _ = try? await $0.note(mark, entry, on: payment) }
            return try await store.note(mark, entry, on: payment)
        }
    }

    /// There, done, and back; the process may die before, and after it was done.
    private func passing<Value: Sendable>(
        _ name: String, _ body: (any PaymentStore) async throws(StoreFailure) -> Value
    ) async throws(StoreFailure) -> Value {
        await process.step(name)
        await process.rest(storage.latency())
        let fault = storage.fault(name)
        if case .away = fault {
            storage.schedule.note("\(process.name) cannot reach the store: \(name)")
            throw StoreFailure(code: .unreachable, detail: "simulated")
        }
        let value = try await body(storage.kept)
        await process.rest(storage.latency())
        await process.step("\(name) done")
        if case .replyLost = fault {
            storage.schedule.note("\(process.name) does not hear of its \(name)")
            throw StoreFailure(code: .timeout, detail: "simulated")
        }
        return value
    }
}
