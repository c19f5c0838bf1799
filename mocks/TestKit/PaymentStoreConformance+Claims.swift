import Payments
import Testing

extension PaymentStoreConformance {
    static let claims: [PaymentStoreConformance] = [
        .init("The first claim of a key stores its payment under a lease") { test in
            let record = try Sample.payment()
            #expect(try await test.store.claim(Sample.claim(record)) == .new)
            #expect(try await test.stored(record) == StoredPayment(record: record, reservations: Reservations(), holder: "owner"))
        },
        .init("Another request under the same key is a mismatch and changes nothing") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record))
            let other = Sample.claim(try Sample.payment(amount: 5), fingerprints: ["f2"], token: "thief")
            #expect(try await test.store.claim(other) == .mismatch)
            #expect(try await test.stored(record).record == record)
        },
        .init("A mismatch is told even to the owner's token, and when nothing names the request") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record))
            #expect(try await test.store.claim(Sample.claim(record, fingerprints: ["f2"])) == .mismatch)
            #expect(try await test.store.claim(Sample.claim(record, fingerprints: [])) == .mismatch)
        },
        .init("The fingerprint under an older key of the ring still matches") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record, fingerprints: ["old"]))
            let repeated = try await test.store.claim(Sample.claim(record, fingerprints: ["new", "old"], token: "other"))
            #expect(repeated.isRunning)
        },
        .init("Only the first fingerprint of a claim is stored") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record, fingerprints: ["new", "old"]))
            #expect(try await test.store.claim(Sample.claim(record, fingerprints: ["old"], token: "other")) == .mismatch)
        },
        .init("An owner that repeats its claim is known by its token") { test in
            let record = try Sample.payment()
            for _ in 0..<3 { #expect(try await test.store.claim(Sample.claim(record)) == .new) }
        },
        .init("An owner that repeats its claim after its lease ran out holds it again") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record, lease: Sample.short))
            try await test.elapse(Sample.short)
            #expect(try await test.store.claim(Sample.claim(record)) == .new)
            #expect(try await test.store.claim(Sample.claim(record, token: "other")).isRunning)
        },
        .init("While the owner is at work, a repeat is told how long that may last") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record, lease: .seconds(60)))
            guard case .running(let remaining) = try await test.store.claim(Sample.claim(record, token: "other")) else {
                Issue.record("not running")
                return
            }
            #expect(remaining > .zero && remaining <= .seconds(60))
        },
        .init("After a 202 a repeat is shown the payment, still leased") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record))
            try await test.store.markAnswered(record.id, operation: nil)
            let expected = StoredPayment(record: record, reservations: Reservations(), holder: "owner", answered: true)
            #expect(try await test.store.claim(Sample.claim(record, token: "other")) == .current(expected))
        },
        .init("A claim that was answered at once shows its repeats the payment") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record, answered: true))
            let repeated = try await test.store.claim(Sample.claim(record, token: "other"))
            #expect(repeated.isCurrent)
        },
        .init("A lease is taken over once it has run out, by one, and lost to its owner") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record, lease: Sample.short))
            try await test.elapse(Sample.short)
            #expect(try await test.stored(record).leased == false)
            var later = record
            later.version += 1
            let expected = StoredPayment(record: later, reservations: Reservations(), holder: "second")
            #expect(try await test.store.claim(Sample.claim(record, token: "second")) == .takenOver(expected))
            #expect(try await test.store.claim(Sample.claim(record, token: "third")).isRunning)
            #expect(try await test.store.claim(Sample.claim(record)).isRunning)
            // Repeated after a lost reply, it is still a takeover: the first owner may have sent.
            #expect(try await test.store.claim(Sample.claim(record, token: "second")) == .takenOver(expected))
        },
        .init("An owner that lost its lease meets a conflict when it settles") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record, lease: Sample.short))
            try await test.elapse(Sample.short)
            _ = try await test.store.claim(Sample.claim(record, token: "second"))
            var settled = record
            settled.version += 1
            settled.status = .failed
            let result = try await test.store.settle(
                Settlement(record: settled, expectedVersion: record.version, keeping: Sample.kept))
            guard case .conflict(let stored, nil) = result else {
                Issue.record("settled by \(result)")
                return
            }
            #expect(stored.record.version == 2)
            #expect(stored.record.status == .processing)
            #expect(stored.holder == "second")
        },
        .init("A lease that has not run out is not taken over") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record, lease: .seconds(600)))
            try await test.elapse(Sample.short)
            #expect(try await test.store.claim(Sample.claim(record, token: "second")).isRunning)
        },
        .init("An answered payment whose owner died is taken over too") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record, lease: Sample.short, answered: true))
            try await test.elapse(Sample.short)
            #expect(try await test.store.claim(Sample.claim(record, token: "second")).isTakenOver)
            #expect(try await test.store.claim(Sample.claim(record, token: "third")).isCurrent)
        },
        .init("A fixed answer is replayed byte for byte, and to the same request only") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record))
            let settlement = Settlement(
                record: record.next(.authorized), expectedVersion: 1, fixed: Sample.answer, hold: Sample.release,
                keeping: Sample.kept)
            #expect(try await test.store.settle(settlement) == .done)
            #expect(try await test.store.claim(Sample.claim(record)) == .replay(Sample.answer))
            #expect(try await test.store.claim(Sample.claim(record, token: "other")) == .replay(Sample.answer))
            #expect(try await test.store.claim(Sample.claim(record, fingerprints: ["f2"])) == .mismatch)
        },
        .init("A fixed answer is replayed even while somebody holds the lease") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record))
            let settlement = Settlement(
                record: record.next(.authorized), expectedVersion: 1, fixed: Sample.answer, keeping: Sample.kept)
            #expect(try await test.store.settle(settlement) == .done)
            #expect(try await test.store.claim(Sample.claim(record, token: "other")) == .replay(Sample.answer))
        },
        .init("A payment settled without a fixed answer is shown as it is now, once its caller was told") { test in
            let record = try await test.settled(.requiresAction)
            try await test.store.markAnswered(record.id, operation: nil)
            let shown = try await test.store.claim(Sample.claim(try Sample.payment(), token: "other"))
            #expect(shown == .current(test.released(record, answered: true)))
        },
        .init("A payment that was left without anybody having been told is taken over, though no lease ran out") { test in
            let record = try await test.settled(.queued)
            var later = record
            later.version += 1
            let expected = StoredPayment(record: later, reservations: Reservations(), holder: "second")
            let repeated = Sample.claim(try Sample.payment(), token: "second")
            #expect(try await test.store.claim(repeated) == .takenOver(expected))
            #expect(try await test.store.claim(Sample.claim(try Sample.payment(), token: "third")).isRunning)
            let foreign = Sample.claim(try Sample.payment(), fingerprints: ["f2"], token: "third")
            #expect(try await test.store.claim(foreign) == .mismatch)
        },
        .init("Of many claims at once one is new") { test in
            let record = try Sample.payment()
            let results = try await withThrowingTaskGroup(of: PaymentClaimResult.self) { group in
                for number in 0..<50 {
                    group.addTask { try await test.store.claim(Sample.claim(record, token: "token-\(number)")) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.filter { $0 == .new }.count == 1)
            #expect(results.filter(\.isRunning).count == 49)
        },
        .init("Of many takers of an expired lease one gets it") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record, lease: Sample.short))
            try await test.elapse(Sample.short)
            let results = try await withThrowingTaskGroup(of: PaymentClaimResult.self) { group in
                for number in 0..<50 {
                    group.addTask { try await test.store.claim(Sample.claim(record, token: "token-\(number)")) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.filter(\.isTakenOver).count == 1)
            #expect(results.filter(\.isRunning).count == 49)
        },
        .init("Another tenant's payment is never shown") { test in
            let record = try Sample.payment()
            _ = try await test.store.claim(Sample.claim(record, answered: true))
            let other = try Sample.payment(tenant: "globex")
            #expect(try await test.store.claim(Sample.claim(other)) == .mismatch)
            #expect(try await test.store.payment(record.id, tenant: "globex") == nil)
            #expect(try await test.store.payment(record.id, tenant: "") == nil)
        },
    ]
}

extension PaymentClaimResult {
    var isRunning: Bool { if case .running = self { true } else { false } }
    var isTakenOver: Bool { if case .takenOver = self { true } else { false } }
    var isCurrent: Bool { if case .current = self { true } else { false } }
}
