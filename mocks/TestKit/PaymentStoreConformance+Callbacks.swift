import AdapterKit
import Payments
import Testing

extension PaymentStoreConformance {
    static let callbacks: [PaymentStoreConformance] = [
        .init("A callback matches a payment that was tried at its gateway, and is shown it as it stands") { test in
            for (number, operation) in [OperationName.payment, .authorize].enumerated() {
                let record = try Sample.payment(number).tried(operation, at: "bank-a")
                #expect(try await test.store.claim(Sample.claim(record)) == .new)
                let stored = StoredPayment(record: record, reservations: Reservations(), holder: "owner")
                #expect(try await test.match(WorkID(record.id)) == .matched(StoredWork(payment: stored)))
                #expect(try await test.store.waiting(for: record.id).isEmpty)
                #expect(try await test.stored(record) == stored)
            }
        },
        .init("A callback of a gateway where the payment was not tried waits, whatever its name") { test in
            let record = try Sample.payment().tried(at: "bank-ab", "bank-a")
            _ = try await test.store.claim(Sample.claim(record))
            for gateway in ["bank", "bank-b", "ank-a", "bank-abc", "bank-.", "BANK-A", "%", ""] {
                #expect(try await test.match(WorkID(record.id), at: gateway) == .waits, "\(gateway)")
            }
            for gateway in ["bank-a", "bank-ab"] { #expect(try await test.match(WorkID(record.id), at: gateway) != .waits) }
        },
        .init("A gateway that is named, or was asked without a charge, was not tried") { test in
            let others = OperationName.allCases.filter { $0 != .payment && $0 != .authorize }
            for (number, operation) in others.enumerated() {
                var record = try Sample.payment(number).tried(operation, at: "bank-a")
                record.gateway = "bank-a"
                _ = try await test.store.claim(Sample.claim(record))
                #expect(try await test.match(WorkID(record.id)) == .waits, "\(operation)")
            }
        },
        .init("A gateway that is tried later is matched then, and those before still are") { test in
            let record = try Sample.payment().tried(at: "bank-a")
            _ = try await test.store.claim(Sample.claim(record))
            #expect(try await test.match(WorkID(record.id), at: "bank-b") == .waits)
            let moved = try await test.settle(record.next(.processing).tried(at: "bank-b"))
            let stored = StoredWork(payment: try await test.stored(moved))
            for gateway in ["bank-a", "bank-b"] {
                #expect(try await test.match(WorkID(record.id), at: gateway) == .matched(stored))
            }
            #expect(try await test.store.waiting(for: record.id) == [try Sample.callback(1)])
        },
        .init("A lost payment that comes back is matched") { test in
            let record = try Sample.payment().next(.processing).tried(at: "bank-a")
            #expect(try await test.match(WorkID(record.id)) == .waits)
            try await test.settle(record)
            #expect(try await test.match(WorkID(record.id)) == .matched(StoredWork(payment: try await test.stored(record))))
        },
        .init("A payment that expired is matched no more") { test in
            let record = try Sample.payment().tried(at: "bank-a")
            _ = try await test.store.claim(Sample.claim(record))
            try await test.settle(record.next(.failed), keeping: Keeping(retention: Sample.short, keys: Sample.long))
            try await test.elapse(Sample.short)
            #expect(try await test.match(WorkID(record.id)) == .waits)
        },
        .init("A callback matches an operation at its own gateway, with its payment") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let refund = try await test.begin(.refund, of: payment)
            let work = WorkID(payment.id, refund.id)
            let operation = StoredOperation(record: refund, holder: "owner")
            let stored = StoredWork(payment: try await test.stored(payment), operation: operation)
            #expect(try await test.match(work) == .matched(stored))
            #expect(try await test.store.waiting(for: payment.id).isEmpty)
        },
        .init("A callback of another gateway, or of an operation that is not there, waits for the payment") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let tried = try await test.settle(payment.next(.succeeded).tried(at: "bank-a", "bank-b"))
            let refund = try await test.begin(.refund, of: tried)
            let unknown = try Sample.operation(.refund, 2, of: tried).id
            #expect(try await test.match(WorkID(tried.id, refund.id), at: "bank-b", 1) == .waits)
            #expect(try await test.match(WorkID(tried.id, refund.id), at: "", 2) == .waits)
            #expect(try await test.match(WorkID(tried.id, unknown), 3) == .waits)
            #expect(try await test.store.waiting(for: tried.id) == (1...3).map { try Sample.callback($0) })
        },
        .init("A callback for a payment that is not there waits for it alone, and makes nothing") { test in
            let record = try Sample.payment()
            #expect(try await test.match(WorkID(record.id), 1) == .waits)
            #expect(try await test.match(WorkID(record.id, try Sample.operation(.refund, of: record).id), 2) == .waits)
            #expect(try await test.store.waiting(for: record.id) == [try Sample.callback(1), try Sample.callback(2)])
            #expect(try await test.store.waiting(for: try Sample.paymentID(2)).isEmpty)
            #expect(try await test.store.payment(record.id, tenant: "acme") == nil)
            #expect(try await test.store.work(WorkID(record.id)) == nil)
            #expect(try await test.store.due(limit: 10).isEmpty)
            #expect(try await test.store.claim(Sample.claim(try Sample.payment(2))) == .new)
        },
        .init("Callbacks wait in the order in which they came, each once") { test in
            let work = WorkID(try Sample.paymentID(1))
            for number in [3, 1, 2, 1, 3] { #expect(try await test.match(work, number) == .waits) }
            #expect(try await test.store.waiting(for: work.payment) == [3, 1, 2].map { try Sample.callback($0) })
        },
        .init("Callbacks wait no longer than they were to, and a new payment is told of none that does not") { test in
            let record = try Sample.payment()
            #expect(try await test.match(WorkID(record.id), for: Sample.short) == .waits)
            try await test.elapse(Sample.short)
            #expect(try await test.store.waiting(for: record.id).isEmpty)
            #expect(try await test.store.claim(Sample.claim(record)) == .new)
            #expect(try await test.match(WorkID(record.id), 2) == .waits)
            #expect(try await test.store.waiting(for: record.id) == [try Sample.callback(2)])
        },
        .init("One that comes to wait, also again, prolongs the waiting of all") { test in
            for (number, second) in [1, 2].enumerated() {
                let work = WorkID(try Sample.paymentID(number))
                #expect(try await test.match(work, 1, for: Sample.short) == .waits)
                #expect(try await test.match(work, second) == .waits)
                try await test.elapse(Sample.short)
                #expect(try await test.store.waiting(for: work.payment).first == (try Sample.callback(1)))
            }
        },
        .init("A bounded number of callbacks waits for one payment; one more is refused, and no other payment is full") { test in
            let record = try Sample.payment()
            let all = try (1...StoreLimits.waitingCallbacks).map { try Sample.callback($0) }
            for number in 1...all.count { #expect(try await test.match(WorkID(record.id), number) == .waits) }
            let failure = await #expect(throws: StoreFailure.self) { try await test.match(WorkID(record.id), all.count + 1) }
            #expect(failure?.code == .full)
            #expect(try await test.match(WorkID(record.id), all.count) == .waits)
            #expect(try await test.match(WorkID(try Sample.paymentID(2)), all.count + 1) == .waits)
            #expect(try await test.store.waiting(for: record.id) == all)
            #expect(try await test.store.claim(Sample.claim(record.tried(at: "bank-a"))) == .awaited(all))
            #expect(try await test.match(WorkID(record.id), all.count + 1) != .waits)
        },
        .init("A new payment is told which callbacks wait for it, also when its claim is repeated") { test in
            let record = try Sample.payment()
            for number in 1...2 { _ = try await test.match(WorkID(record.id), number) }
            let awaited = PaymentClaimResult.awaited([try Sample.callback(1), try Sample.callback(2)])
            for _ in 0..<2 { #expect(try await test.store.claim(Sample.claim(record)) == awaited) }
            #expect(try await test.stored(record).holder == "owner")
            #expect(try await test.store.claim(Sample.claim(record, token: "other")).isRunning)
        },
        .init("A claim repeated after another owner came is taken over, whatever waits") { test in
            let record = try Sample.payment()
            _ = try await test.match(WorkID(record.id))
            _ = try await test.store.claim(Sample.claim(record, lease: Sample.short))
            try await test.elapse(Sample.short)
            for _ in 0..<2 { #expect(try await test.store.claim(Sample.claim(record, token: "other")).isTakenOver) }
        },
        .init("Only a new payment is told: not another request, nor another tenant, nor one who is replayed") { test in
            let record = try Sample.payment()
            _ = try await test.match(WorkID(record.id))
            _ = try await test.store.claim(Sample.claim(record))
            #expect(try await test.store.claim(Sample.claim(record, fingerprints: ["f2"])) == .mismatch)
            #expect(try await test.store.claim(Sample.claim(try Sample.payment(tenant: "other"))) == .mismatch)
            let settlement = Settlement(
                record: record.next(.failed), expectedVersion: 1, fixed: Sample.answer, hold: Sample.release,
                keeping: Keeping(retention: Sample.short, keys: Sample.long))
            #expect(try await test.store.settle(settlement) == .done)
            #expect(try await test.store.claim(Sample.claim(record, token: "other")) == .replay(Sample.answer))
            try await test.elapse(Sample.short)
            #expect(try await test.store.claim(Sample.claim(record)) == .mismatch)
            #expect(try await test.store.waiting(for: record.id).count == 1)
        },
    ]
}

extension Sample {
    static func callback(_ number: Int) throws -> CallbackID { try #require(CallbackID(CallbackID.prefix + padded(number))) }
}

extension PaymentRecord {
    /// The same record with an attempt more at each of these gateways.
    func tried(_ operation: OperationName = .payment, at gateways: String...) -> PaymentRecord {
        var record = self
        for gateway in gateways {
            record.attempts.append(
                AttemptRecord(
                    number: record.attempts.count + 1, gateway: gateway, operation: operation, reference: id.text,
                    identity: "identity", startedAt: Sample.start))
        }
        return record
    }
}

extension StoreUnderTest {
    func match(
        _ work: WorkID, at gateway: String = "bank-a", _ callback: Int = 1, for duration: Duration = Sample.long
    ) async throws -> MatchResult {
        try await store.match(work, at: gateway, orWait: try Sample.callback(callback), for: duration)
    }
}
