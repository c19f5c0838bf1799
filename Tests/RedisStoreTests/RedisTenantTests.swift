import Payments
import RedisStore
import TestKit
import Testing

/// Whoever could tell "not there" from "not yours" by what it costs could look for other tenants' payments.
@Suite("A payment of another tenant in Redis", .timeLimit(.minutes(1)))
struct RedisTenantTests {
    private static let refused = OperationClaimResult.notFound

    private static func claim(_ kind: OperationRecord.Kind, on payment: PaymentRecord) throws -> OperationClaim {
        let id = try #require(OperationID(kind.prefix + payment.id.text.dropFirst(4)))
        let record = OperationRecord(
            id: id, payment: payment.id, tenant: "globex", kind: kind, amount: 0, createdAt: Sample.start, sealed: [])
        return OperationClaim(
            record: record, amount: nil, fingerprints: ["f"], lease: Lease(token: "t", duration: .seconds(9)), answered: false,
            keeping: Sample.keeping, quota: Quota(perSecond: 1, burst: 99))
    }

    @Test("is read, captured, voided and refunded with one script, as one that is not there", arguments: [1, 2])
    func alike(number: Int) async throws {
        try await RedisServer.with { server in
            try await Subject.with(url: server.url) { subject in
                #expect(try await subject.store.claim(Sample.claim(1)) == .new)
                let payment = try Sample.payment(number)
                try await server.command("CONFIG", "RESETSTAT")
                #expect(try await subject.store.payment(payment.id, tenant: "globex") == nil)
                #expect(try await server.scripts() == 1)
                for (count, kind) in [OperationRecord.Kind.capture, .void, .refund].enumerated() {
                    #expect(try await subject.store.claim(Self.claim(kind, on: payment)) == Self.refused)
                    #expect(try await server.scripts() == count + 2)
                }
                #expect(try await server.command("KEYS", "*:o:*").isEmpty)
            }
        }
    }
}
