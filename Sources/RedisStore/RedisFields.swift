import AdapterKit
import Foundation
import Payments

/// What goes to Redis and what comes back: the record as JSON without its sealed part, which stands beside it as it is.
enum RedisFields {
    private static let unreadable = StoreFailure(code: .unreadable, detail: "a stored record cannot be read")

    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    static func bytes(_ flag: Bool) -> [UInt8] { bytes(flag ? "1" : "0") }
    static func bytes(_ duration: Duration) -> [UInt8] { bytes(String(duration.wholeMilliseconds)) }

    /// The 11 fields that `write` of the scripts takes.
    static func payment(_ record: PaymentRecord) throws(StoreFailure) -> [[UInt8]] {
        var open = record
        open.sealed = []
        let texts = [
            record.tenant, record.status.rawValue, record.status.isOpen ? "1" : "0", String(record.money.minorUnits),
            String(record.amountCaptured), String(record.amountRefunded), record.gateway ?? "", record.gatewayIdentity ?? "",
            String(record.version),
        ]
        return [try json(open), record.sealed] + texts.map(bytes)
    }

    static func operation(_ record: OperationRecord) throws(StoreFailure) -> [[UInt8]] {
        var open = record
        open.sealed = []
        return [try json(open), record.sealed]
    }

    /// The 10 last arguments of `settle`.
    static func settlement(_ part: Settlement.OperationSettlement?) throws(StoreFailure) -> [[UInt8]] {
        guard let part else { return Array(repeating: [], count: 10) }
        let record = part.record
        let texts = [
            String(record.amount), record.gateway ?? "", record.gatewayIdentity ?? "", record.status.isFinal ? "1" : "0",
        ]
        return [record.id.text, record.kind.rawValue].map(bytes) + (try operation(record)) + texts.map(bytes)
            + [answer(part.fixed), bytes(part.releasing ?? "")]
    }

    static func answer(_ fixed: FixedAnswer?) -> [UInt8] {
        fixed.map { bytes("\($0.status):") + $0.sealedBody } ?? []
    }

    // MARK: Reading

    static func answer(_ reply: RedisReply?) throws(StoreFailure) -> FixedAnswer {
        guard let bytes = reply?.bytes, let colon = bytes.firstIndex(of: 0x3A),
            let status = Int(String(decoding: bytes[..<colon], as: UTF8.self))
        else { throw unreadable }
        return FixedAnswer(status: status, sealedBody: Array(bytes[(colon + 1)...]))
    }

    /// The reply of `view`.
    static func payment(_ reply: RedisReply?) throws(StoreFailure) -> StoredPayment {
        guard let parts = reply?.elements, parts.count == 6, let json = parts[0].bytes, let sealed = parts[1].bytes,
            let capturing = parts[2].text, let refundsOpen = parts[3].text.flatMap({ Int64($0) }),
            let version = parts[5].text.flatMap({ Int($0) })
        else { throw unreadable }
        var record = try read(PaymentRecord.self, from: json)
        record.sealed = sealed
        record.version = version
        let reservations = Reservations(capturing: try operationID(capturing), refundsOpen: refundsOpen)
        return StoredPayment(record: record, reservations: reservations, leased: parts[4].text == "1")
    }

    private static func operationID(_ text: String) throws(StoreFailure) -> OperationID? {
        if text.isEmpty { return nil }
        guard let id = OperationID(text) else { throw unreadable }
        return id
    }

    /// The reply of `opview`: what the claim filled in stands beside the record.
    static func operation(_ reply: RedisReply?) throws(StoreFailure) -> OperationRecord {
        guard let parts = reply?.elements, parts.count == 5, let json = parts[0].bytes, let sealed = parts[1].bytes,
            let amount = parts[2].text.flatMap({ Int64($0) }), let gateway = parts[3].text, let identity = parts[4].text
        else { throw unreadable }
        var record = try read(OperationRecord.self, from: json)
        record.sealed = sealed
        record.amount = amount
        record.gateway = gateway.isEmpty ? nil : gateway
        record.gatewayIdentity = identity.isEmpty ? nil : identity
        return record
    }

    static func amount(_ reply: RedisReply?) throws(StoreFailure) -> Int64 {
        guard let amount = reply?.text.flatMap({ Int64($0) }) else { throw unreadable }
        return amount
    }

    /// Milliseconds.
    static func duration(_ reply: RedisReply?) throws(StoreFailure) -> Duration { .milliseconds(try amount(reply)) }

    // MARK: JSON

    private static func json(_ record: some Encodable) throws(StoreFailure) -> [UInt8] {
        do {
            let encoder = JSONEncoder()
            // The same record gives the same bytes: by them a settlement knows its own repeat.
            encoder.outputFormatting = .sortedKeys
            return Array(try encoder.encode(record))
        } catch {
            throw StoreFailure(code: .unreadable, detail: "a record cannot be written as JSON")
        }
    }

    private static func read<Record: Decodable>(_ type: Record.Type, from json: [UInt8]) throws(StoreFailure) -> Record {
        do {
            return try JSONDecoder().decode(type, from: Data(json))
        } catch {
            throw unreadable
        }
    }
}
