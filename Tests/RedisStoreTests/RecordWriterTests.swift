import AdapterKit
import Foundation
import Payments
import Testing

@testable import RedisStore

@Suite("A record as it is written")
struct RecordWriterTests {
    /// Every field is set, and texts hold what JSON escapes.
    private func full() throws -> PaymentRecord {
        let bank = "bank \"a\"\\\n\u{1F}/é€😀"
        var record = try Sample.payment(7)
        record.version = 12
        record.status = .manualReview
        record.processingReason = .outcomeUnknown
        record.amountCaptured = 9_007_199_254_740_991
        record.amountRefunded = -1
        record.gateway = bank
        record.gatewayIdentity = "identity"
        record.gatewayReference = "reference"
        record.failure = Failure(
            code: "declined", category: .doNotHonor, message: bank, gatewayCode: "05", gatewayMessage: "no")
        record.softDecline = Failure(code: "declined", category: .insufficientFunds, message: "")
        record.nextAction = NextAction(kind: .displayQR, url: "https://a/b", qrPayload: "0002", expiresAt: "2026-01-02T03:04:05Z")
        record.schedule = Schedule(since: Sample.start, tries: 3)
        record.queue = Schedule(since: Sample.start)
        record.deadLetter = DeadLetter(.gatewayChanged, since: Sample.start)
        record.reversedAt = ["bank-a", bank]
        record.told = "payment.manual_review"
        record.words = Envelope([0, 1, 255])
        record.attempts = [attempt(1), attempt(2)]
        record.attempts[0].end = .init(outcome: .declined, code: "05", httpStatus: 200, duration: 12.75)
        record.attempts[0].resolution = .notHeld
        record.attempts[0].gatewayReference = "other"
        record.attempts[0].holdsUnwanted = false
        return record
    }

    private func attempt(_ number: Int) -> AttemptRecord {
        AttemptRecord(
            number: number, gateway: "bank-a", operation: .payment, reference: "pay", identity: "i", startedAt: Sample.start)
    }

    private func written(_ record: PaymentRecord) -> [UInt8] {
        var bytes: [UInt8] = []
        RecordWriter.write(record, to: &bytes)
        return bytes
    }

    @Test("What Foundation's encoder would write is written, member for member")
    func members() throws {
        var record = try full()
        record.sealed = []
        let expected = try JSON(parsing: Array(try JSONEncoder().encode(record)))
        let told = try #require(expected.members)
        #expect(told.count > 25)
        #expect(try JSON(parsing: written(record)).canonical == expected.canonical)
    }

    @Test("It is read as it was, but for the sealed part, which stands beside it", arguments: [true, false])
    func read(isFull: Bool) throws {
        var record = isFull ? try full() : try Sample.payment(1)
        let bytes = written(record)
        record.sealed = []
        #expect(try RedisFields.read(PaymentRecord.self, from: bytes) == record)
    }

    @Test("A duration that is no number does no harm", arguments: [Double.nan, .infinity, -.infinity])
    func noNumber(duration: Double) throws {
        var record = try Sample.payment(1)
        record.attempts = [attempt(1)]
        record.attempts[0].end = .init(outcome: .unknown, code: nil, httpStatus: nil, duration: duration)
        #expect(try RedisFields.read(PaymentRecord.self, from: written(record)).attempts[0].end?.duration == 0)
    }

    @Test("The same record gives the same bytes, behind what was there")
    func repeated() throws {
        let record = try full()
        var bytes: [UInt8] = [1, 2, 3]
        RecordWriter.write(record, to: &bytes)
        #expect(bytes == [1, 2, 3] + written(record))
    }
}
