import AdapterKit
import Payments
import Testing

extension PaymentStoreConformance {
    static let reading: [PaymentStoreConformance] = [
        .init("Payments of a reference come newest first and no more than asked for") { test in
            for number in [3, 1, 5, 2, 4] { _ = try await test.store.claim(Sample.claim(try Sample.payment(number))) }
            let newest = try await test.store.payments(tenant: "acme", reference: "order-1", limit: 3)
            #expect(newest.map(\.record) == [try Sample.payment(5), try Sample.payment(4), try Sample.payment(3)])
            #expect(newest.map(\.holder) == ["owner", "owner", "owner"])
            #expect(try await test.store.payments(tenant: "acme", reference: "order-1", limit: 100).count == 5)
        },
        .init("No payments are listed for another tenant, another reference or a limit of none") { test in
            let record = try Sample.payment(tenant: "ab", reference: "c")
            _ = try await test.store.claim(Sample.claim(record))
            for (tenant, reference) in [("a", "bc"), ("abc", ""), ("", "abc"), ("AB", "c"), ("ab", "C"), ("ab", "")] {
                #expect(try await test.store.payments(tenant: tenant, reference: reference, limit: 10).isEmpty)
            }
            #expect(try await test.store.payments(tenant: "ab", reference: "c", limit: 0).isEmpty)
            #expect(try await test.store.payments(tenant: "ab", reference: "c", limit: 1).map(\.record) == [record])
        },
        .init("A claim that is refused is not listed under its reference") { test in
            _ = try await test.store.claim(Sample.claim(try Sample.payment()))
            let other = Sample.claim(try Sample.payment(reference: "order-2"), fingerprints: ["f2"])
            #expect(try await test.store.claim(other) == .mismatch)
            #expect(try await test.store.payments(tenant: "acme", reference: "order-2", limit: 10).isEmpty)
        },
        .init("A repeated claim is listed once, where its first arrival was") { test in
            _ = try await test.store.claim(Sample.claim(try Sample.payment(1)))
            _ = try await test.store.claim(Sample.claim(try Sample.payment(2)))
            var repeated = try Sample.payment(1)
            repeated.updatedAt = Sample.start + .seconds(100)
            _ = try await test.store.claim(Sample.claim(repeated, token: "other"))
            let listed = try await test.store.payments(tenant: "acme", reference: "order-1", limit: 10)
            #expect(listed.map(\.record.id) == [try Sample.paymentID(2), try Sample.paymentID(1)])
        },
        .init("What is not there is nothing, not an error") { test in
            let missing = try Sample.paymentID(404)
            #expect(try await test.store.payment(missing, tenant: "acme") == nil)
            #expect(try await test.store.openOperations(of: missing).isEmpty)
            #expect(try await test.store.payments(tenant: "acme", reference: "none", limit: 10).isEmpty)
        },
        .init("Only operations without a final answer are open") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let first = try await test.begin(.refund, 1, of: payment, amount: 1)
            let second = try await test.begin(.refund, 2, of: payment, amount: 2)
            let third = try await test.begin(.refund, 3, of: payment, amount: 3)
            let record = try await test.settle(payment.next(.succeeded), operation: first.next(.succeeded))
            try await test.settle(record.next(.succeeded), operation: second.next(.failed))
            #expect(try await test.store.openOperations(of: payment.id) == [third])
        },
        .init("Every part of a payment comes back as it was stored") { test in
            let record = try Sample.full()
            #expect(try await test.store.claim(Sample.claim(record)) == .new)
            #expect(try await test.stored(record).record == record)
            var changed = record.next(.manualReview, captured: 3, refunded: 2)
            changed.gateway = nil
            changed.gatewayIdentity = nil
            changed.sealed = []
            try await test.settle(changed)
            #expect(try await test.stored(record).record == changed)
        },
        .init("Every part of an operation comes back as it was stored") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            var refund = try await test.begin(.refund, of: payment, amount: 10).next(.manualReview)
            refund.gatewayReference = "r-1"
            refund.failure = Failure(code: "x", category: .other, message: "äß😀\"\\\n", gatewayCode: "05", gatewayMessage: "")
            refund.schedule = Schedule(since: Sample.start, tries: 2)
            refund.deadLetter = DeadLetter(.outcomeUnknown, since: Sample.start)
            refund.watchedUntil = Sample.start
            refund.sealed = (0...255).map { UInt8($0) }
            try await test.settle(payment.next(.succeeded), operation: refund)
            #expect(try await test.store.openOperations(of: payment.id) == [refund])
        },
        .init("The store answers") { test in
            await #expect(throws: Never.self) { try await test.store.ping() }
        },
    ]
}

extension Sample {
    /// A payment with every part filled in.
    static func full() throws -> PaymentRecord {
        var record = PaymentRecord(
            id: try paymentID(1), tenant: "acmé \"1\"", money: Money(minorUnits: 1, currency: try #require(Currency("JPY"))),
            reference: "référence\r\n\0😀", capture: .automatic, methodKind: .bankTransfer, pinnedGateway: "bank-b",
            onUnavailable: .fail, createdAt: start, sealed: (0...255).map { UInt8($0) })
        var attempt = AttemptRecord(
            number: 1, gateway: "bank-b", operation: .payment, reference: "pay-1", identity: "identity-b", startedAt: start)
        attempt.resolution = .notHeld
        attempt.end = .init(outcome: .unknown, code: "timeout", httpStatus: 504, duration: 12.345678901)
        record.attempts = [
            attempt,
            AttemptRecord(
                number: 2, gateway: "bank-b", operation: .inquiry, reference: "pay-1", identity: "identity-b", startedAt: start),
        ]
        record.softDecline = Failure(code: "x", category: .other, message: "soft", gatewayCode: "51")
        record.schedule = Schedule(since: start, tries: 3)
        record.deadLetter = DeadLetter(.amountMismatch, since: start)
        record.reversedAt = ["bank-a", "bank-c"]
        record.gateway = "bank-b"
        record.gatewayIdentity = "identity-b"
        record.gatewayReference = "gw-1"
        record.failure = Failure(code: "card_declined", category: .doNotHonor, message: "no")
        record.nextAction = NextAction(
            kind: .displayQR, url: "https://bank.example/", qrPayload: "0002", expiresAt: "2026-01-01T00:00:00Z")
        return record
    }
}
