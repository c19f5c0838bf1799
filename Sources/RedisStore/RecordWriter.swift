import AdapterKit
import Payments

/// Writes a record as JSON, as its `Decodable` reads it. The same record gives the same bytes: by them a settlement knows its own
/// repeat.
///
/// By hand because every payment is written twice: Foundation's encoder took a tenth of a payment's time (docs/performance.md).
struct RecordWriter {
    private var bytes: [UInt8]

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Without its sealed part, which stands beside it.
    static func write(_ record: PaymentRecord, to bytes: inout [UInt8]) {
        appending(to: &bytes) { $0.object { $0.write(record) } }
    }

    private static func appending(to bytes: inout [UInt8], _ body: (inout RecordWriter) -> Void) {
        var writer = RecordWriter(bytes)
        // So that the writer's is the only reference, and nothing is copied.
        bytes = []
        body(&writer)
        bytes = writer.bytes
    }

    // MARK: Records

    private mutating func write(_ record: PaymentRecord) {
        member("id", record.id.text)
        member("tenant", record.tenant)
        member("money") { $0.write(record.money) }
        member("reference", record.reference)
        member("capture", record.capture.rawValue)
        member("methodKind", record.methodKind.rawValue)
        member("pinnedGateway", record.pinnedGateway)
        member("onUnavailable", record.onUnavailable.rawValue)
        member("createdAt", record.createdAt.milliseconds)
        member("version", record.version)
        member("status", record.status.rawValue)
        member("processingReason", record.processingReason?.rawValue)
        member("amountCaptured", record.amountCaptured)
        member("amountRefunded", record.amountRefunded)
        member("gateway", record.gateway)
        member("gatewayIdentity", record.gatewayIdentity)
        member("gatewayReference", record.gatewayReference)
        array("attempts", record.attempts) { writer, attempt in writer.object { $0.write(attempt) } }
        member("failure", record.failure) { $0.write($1) }
        member("softDecline", record.softDecline) { $0.write($1) }
        member("nextAction", record.nextAction) { $0.write($1) }
        member("updatedAt", record.updatedAt.milliseconds)
        member("schedule", record.schedule) { $0.write($1) }
        member("queue", record.queue) { $0.write($1) }
        member("deadLetter", record.deadLetter) { $0.write($1) }
        array("reversedAt", record.reversedAt) { $0.append($1) }
        member("told", record.told)
        member("words", record.words?.text)
        // `Decodable` asks for it; what it was stands beside the record.
        array("sealed", [String]()) { $0.append($1) }
    }

    private mutating func write(_ money: Money) {
        member("minorUnits", money.minorUnits)
        member("currency", money.currency.code)
    }

    private mutating func write(_ attempt: AttemptRecord) {
        member("number", attempt.number)
        member("gateway", attempt.gateway)
        member("operation", attempt.operation.rawValue)
        member("reference", attempt.reference)
        member("identity", attempt.identity)
        member("startedAt", attempt.startedAt.milliseconds)
        member("end", attempt.end) { $0.write($1) }
        member("resolution", attempt.resolution?.rawValue)
        member("gatewayReference", attempt.gatewayReference)
        if let holdsUnwanted = attempt.holdsUnwanted { raw("holdsUnwanted", holdsUnwanted ? "true" : "false") }
    }

    private mutating func write(_ end: AttemptRecord.End) {
        member("outcome", end.outcome.rawValue)
        member("code", end.code)
        if let status = end.httpStatus { member("httpStatus", status) }
        raw("duration", end.duration.isFinite ? end.duration.description : "0")
    }

    private mutating func write(_ failure: Failure) {
        member("code", failure.code)
        member("category", failure.category.rawValue)
        member("message", failure.message)
        member("gatewayCode", failure.gatewayCode)
        member("gatewayMessage", failure.gatewayMessage)
    }

    private mutating func write(_ action: NextAction) {
        member("kind", action.kind.rawValue)
        member("url", action.url)
        member("qrPayload", action.qrPayload)
        member("expiresAt", action.expiresAt)
    }

    private mutating func write(_ schedule: Schedule) {
        member("since", schedule.since.milliseconds)
        member("tries", schedule.tries)
    }

    private mutating func write(_ letter: DeadLetter) {
        member("reason", letter.reason.rawValue)
        member("since", letter.since.milliseconds)
    }

    // MARK: JSON

    private mutating func object(_ members: (inout RecordWriter) -> Void) {
        bytes.append(UInt8(ascii: "{"))
        members(&self)
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func name(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func separate() {
        guard let last = bytes.last, last != UInt8(ascii: "{"), last != UInt8(ascii: "[") else { return }
        bytes.append(UInt8(ascii: ","))
    }

    private mutating func member(_ name: StaticString, _ text: String?) {
        guard let text else { return }
        self.name(name)
        append(text)
    }

    private mutating func member(_ name: StaticString, _ number: some BinaryInteger) { raw(name, String(number)) }

    private mutating func raw(_ name: StaticString, _ text: String) {
        self.name(name)
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func member(_ name: StaticString, _ members: (inout RecordWriter) -> Void) {
        self.name(name)
        object(members)
    }

    private mutating func member<Value>(_ name: StaticString, _ value: Value?, _ members: (inout RecordWriter, Value) -> Void) {
        guard let value else { return }
        member(name) { members(&$0, value) }
    }

    private mutating func array<Element>(
        _ name: StaticString, _ elements: [Element], _ write: (inout RecordWriter, Element) -> Void
    ) {
        self.name(name)
        bytes.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            write(&self, element)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func append(_ text: String) { JSON.string(text).write(to: &bytes) }
}
