import AdapterKit
import Foundation
import Payments

/// What goes to Redis and what comes back: the record as JSON without its sealed part, which stands beside it as it is.
enum RedisFields {
    private static let unreadable = StoreFailure(code: .unreadable, detail: "a stored record cannot be read")

    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    static func bytes(_ flag: Bool) -> [UInt8] { bytes(flag ? "1" : "0") }
    static func bytes(_ duration: Duration) -> [UInt8] { bytes(String(duration.wholeMilliseconds)) }

    static func operation(_ record: OperationRecord) throws(StoreFailure) -> [[UInt8]] {
        var open = record
        open.sealed = []
        return [try json(open), record.sealed]
    }

    static func shelf(_ shelf: Shelf?) -> String { shelf.map { "\($0.kind.rawValue) \($0.gateway)" } ?? "" }

    static func mark(_ mark: CallbackMark?) -> [UInt8] {
        mark.map { bytes("\($0.kind.rawValue) \($0.gateway) \($0.value)") } ?? []
    }

    // MARK: Reading

    static func answer(_ reply: RedisReply?) throws(StoreFailure) -> FixedAnswer {
        guard let bytes = reply?.bytes, let colon = bytes.firstIndex(of: 0x3A),
            let status = Int(String(decoding: bytes[..<colon], as: UTF8.self))
        else { throw unreadable }
        return FixedAnswer(status: status, sealedBody: Array(bytes[(colon + 1)...]))
    }

    /// The reply of `view`: what scripts change stands beside the record.
    static func payment(_ reply: RedisReply?) throws(StoreFailure) -> StoredPayment {
        guard let parts = reply?.elements, parts.count == 8, let json = parts[0].bytes, let sealed = parts[1].bytes,
            let capturing = parts[2].text, let refundsOpen = parts[3].text.flatMap({ Int64($0) }),
            let version = parts[4].text.flatMap({ Int($0) }), let holder = parts[5].text
        else { throw unreadable }
        var record = try read(PaymentRecord.self, from: json)
        record.sealed = sealed
        record.version = version
        record.deadLetter = try deadLetter(parts[7]) ?? record.deadLetter
        let reservations = Reservations(capturing: try operationID(capturing), refundsOpen: refundsOpen)
        return StoredPayment(
            record: record, reservations: reservations, holder: holder.isEmpty ? nil : holder, answered: parts[6].text == "1")
    }

    private static func operationID(_ text: String) throws(StoreFailure) -> OperationID? {
        if text.isEmpty { return nil }
        guard let id = OperationID(text) else { throw unreadable }
        return id
    }

    /// The reply of `opview`: what the claim filled in stands beside the record.
    static func operation(_ reply: RedisReply?) throws(StoreFailure) -> StoredOperation {
        guard let parts = reply?.elements, parts.count == 8, let json = parts[0].bytes, let sealed = parts[1].bytes,
            let amount = parts[2].text.flatMap({ Int64($0) }), let gateway = parts[3].text, let identity = parts[4].text,
            let holder = parts[5].text
        else { throw unreadable }
        var record = try read(OperationRecord.self, from: json)
        record.sealed = sealed
        record.amount = amount
        record.gateway = gateway.isEmpty ? nil : gateway
        record.gatewayIdentity = identity.isEmpty ? nil : identity
        record.deadLetter = try deadLetter(parts[7]) ?? record.deadLetter
        return StoredOperation(record: record, holder: holder.isEmpty ? nil : holder, answered: parts[6].text == "1")
    }

    /// `reason milliseconds`, or nothing.
    private static func deadLetter(_ reply: RedisReply) throws(StoreFailure) -> DeadLetter? {
        guard let words = reply.text?.split(separator: " ") else { throw unreadable }
        if words.isEmpty { return nil }
        guard words.count == 2, let reason = DeadLetter.Reason(rawValue: String(words[0])), let since = Int64(words[1]) else {
            throw unreadable
        }
        return DeadLetter(reason, since: Timestamp(milliseconds: since))
    }

    /// A payment and, where the script gave one, an operation, behind the script's verdict.
    static func work(_ parts: [RedisReply]) throws(StoreFailure) -> StoredWork {
        let payment = try payment(parts.dropFirst().first)
        return StoredWork(payment: payment, operation: parts.count > 2 ? try operation(parts[2]) : nil)
    }

    static func amount(_ reply: RedisReply?) throws(StoreFailure) -> Int64 {
        guard let amount = reply?.text.flatMap({ Int64($0) }) else { throw unreadable }
        return amount
    }

    /// Milliseconds.
    static func duration(_ reply: RedisReply?) throws(StoreFailure) -> Duration { .milliseconds(try amount(reply)) }

    // MARK: Kept callbacks

    /// The record without its sealed part, and that part.
    static func callback(_ callback: KeptCallback) throws(StoreFailure) -> [[UInt8]] {
        [try json(copy(of: callback, sealed: [])), callback.sealed]
    }

    /// `nil` when there is none.
    static func callback(_ reply: RedisReply?) throws(StoreFailure) -> KeptCallback? {
        guard let parts = reply?.elements, parts.count == 2 else { throw unreadable }
        if parts == [.null, .null] { return nil }
        guard let json = parts[0].bytes, let sealed = parts[1].bytes else { throw unreadable }
        return copy(of: try read(KeptCallback.self, from: json), sealed: sealed)
    }

    private static func copy(of callback: KeptCallback, sealed: [UInt8]) -> KeptCallback {
        KeptCallback(
            id: callback.id, gateway: callback.gateway, kind: callback.kind, eventID: callback.eventID,
            subject: callback.subject, outcome: callback.outcome, receivedAt: callback.receivedAt, sealed: sealed)
    }

    // MARK: JSON

    static func json(_ record: some Encodable) throws(StoreFailure) -> [UInt8] {
        do {
            let encoder = JSONEncoder()
            // The same record gives the same bytes: by them a settlement knows its own repeat.
            encoder.outputFormatting = .sortedKeys
            return Array(try encoder.encode(record))
        } catch {
            throw StoreFailure(code: .unreadable, detail: "a record cannot be written as JSON")
        }
    }

    static func read<Record: Decodable>(_ type: Record.Type, from json: [UInt8]) throws(StoreFailure) -> Record {
        do {
            return try JSONDecoder().decode(type, from: Data(json))
        } catch {
            throw unreadable
        }
    }
}
