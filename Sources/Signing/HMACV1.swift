public import AdapterKit
import Crypto

/// What cannot be put into a canonical string, and so is neither signed nor verified.
public enum CanonicalFailure: String, Error, Sendable {
    case methodNotUpperCase = "method_not_upper_case"
    case targetNotPercentEncoded = "target_not_percent_encoded"
    case valueHoldsControlCharacter = "value_holds_control_character"
}

/// Signature scheme v1 (protocols/bank-hmac.md): HMAC-SHA-256 over a canonical string, for requests, answers and callbacks.
public enum HMACV1 {
    /// `v1=` and 44 characters of base64.
    static let prefix = "v1="
    /// Signatures looked at in one header: a sender that rotates keys needs two.
    static let maximumSignatures = 8

    public struct Request: Sendable {
        public var method: String
        /// The request target as on the wire: path, and query after the first `?`.
        public var target: String
        public var body: [UInt8]
        /// `X-Tenant-Id`; in callbacks the nonce.
        public var tenant: String
        /// `Idempotency-Key` or empty; in callbacks the event id.
        public var idempotencyKey: String
        /// `X-Timestamp` as sent.
        public var timestamp: String

        public init(method: String, target: String, body: [UInt8], tenant: String, idempotencyKey: String, timestamp: String) {
            self.method = method
            self.target = target
            self.body = body
            self.tenant = tenant
            self.idempotencyKey = idempotencyKey
            self.timestamp = timestamp
        }
    }

    public struct Answer: Sendable {
        /// Three digits.
        public var status: Int
        public var body: [UInt8]
        /// `X-Request-Id` of the request that is answered.
        public var requestID: String
        public var timestamp: String

        public init(status: Int, body: [UInt8], requestID: String, timestamp: String) {
            self.status = status
            self.body = body
            self.requestID = requestID
            self.timestamp = timestamp
        }
    }

    /// Seven lines joined by line feeds, none at the end.
    public static func canonical(_ request: Request) throws(CanonicalFailure) -> String {
        String(decoding: try signed(request), as: UTF8.self)
    }

    /// Four lines: an answer begins with digits where a request begins with letters, so neither passes for the other.
    public static func canonical(_ answer: Answer) throws(CanonicalFailure) -> String {
        String(decoding: try signed(answer), as: UTF8.self)
    }

    public static func signature(of request: Request, with secret: Secret) throws(CanonicalFailure) -> String {
        signature(over: try signed(request), with: secret)
    }

    public static func signature(of answer: Answer, with secret: Secret) throws(CanonicalFailure) -> String {
        signature(over: try signed(answer), with: secret)
    }

    /// Whether one of the signatures in the header (separated by `, `) was made by one of the secrets. Every pair is compared, in
    /// constant time, so that the time taken does not tell which one held.
    public static func verify(_ header: String, of request: Request, with secrets: [Secret]) -> Bool {
        guard let signed = try? signed(request) else { return false }
        return verify(header, over: signed, with: secrets)
    }

    public static func verify(_ header: String, of answer: Answer, with secrets: [Secret]) -> Bool {
        guard let signed = try? signed(answer) else { return false }
        return verify(header, over: signed, with: secrets)
    }

    private static func signature(over signed: [UInt8], with secret: Secret) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: secret.bytes))
        return prefix + Base64.encode(Array(code))
    }

    private static func verify(_ header: String, over signed: [UInt8], with secrets: [Secret]) -> Bool {
        let sent = Array(header.utf8).split(separator: UInt8(ascii: ","), maxSplits: maximumSignatures)
            .prefix(maximumSignatures).map { Array($0.drop { $0 == UInt8(ascii: " ") }) }
        var holds = false
        for secret in secrets {
            // A code has one spelling only: texts are equal where codes are.
            let expected = Array(signature(over: signed, with: secret).utf8)
            for signature in sent where Secret.constantTimeEqual(signature, expected) { holds = true }
        }
        return holds
    }
}

/// The bytes that are signed, put down in one piece.
extension HMACV1 {
    private static let digestLength = 64

    private static func signed(_ request: Request) throws(CanonicalFailure) -> [UInt8] {
        guard !request.method.isEmpty, holds(request.method, only: 0x41...0x5A) else { throw .methodNotUpperCase }
        guard holds(request.target, only: 0x21...0x7E) else { throw .targetNotPercentEncoded }
        try refuseControlCharacters(request.tenant)
        try refuseControlCharacters(request.idempotencyKey)
        try refuseControlCharacters(request.timestamp)
        let named =
            request.method.utf8.count + request.target.utf8.count + request.tenant.utf8.count
            + request.idempotencyKey.utf8.count + request.timestamp.utf8.count
        // Six line feeds, and perhaps the slash of an empty path.
        return [UInt8](capacity: named + digestLength + 7) { lines in
            write(request.method.utf8.span, to: &lines)
            write(target: request.target.utf8.span, to: &lines)
            beginLine(&lines)
            Hex.write(SHA256.hash(data: request.body), to: &lines)
            writeLine(request.tenant, to: &lines)
            writeLine(request.idempotencyKey, to: &lines)
            writeLine(request.timestamp, to: &lines)
        }
    }

    private static func signed(_ answer: Answer) throws(CanonicalFailure) -> [UInt8] {
        try refuseControlCharacters(answer.requestID)
        try refuseControlCharacters(answer.timestamp)
        let status = String(answer.status)
        let named = status.utf8.count + answer.requestID.utf8.count + answer.timestamp.utf8.count
        return [UInt8](capacity: named + digestLength + 3) { lines in
            write(status.utf8.span, to: &lines)
            beginLine(&lines)
            Hex.write(SHA256.hash(data: answer.body), to: &lines)
            writeLine(answer.requestID, to: &lines)
            writeLine(answer.timestamp, to: &lines)
        }
    }

    /// The lines of path and query.
    private static func write(target: Span<UInt8>, to lines: inout OutputSpan<UInt8>) {
        let mark = target.indices.first { target[$0] == UInt8(ascii: "?") } ?? target.count
        beginLine(&lines)
        if mark == 0 { lines.append(UInt8(ascii: "/")) } else { write(target.extracting(..<mark), to: &lines) }
        beginLine(&lines)
        if mark < target.count { write(sorted(query: target.extracting((mark + 1)...)).span, to: &lines) }
    }

    /// Whole pieces sorted by bytes; repeats and empty pieces stay.
    private static func sorted(query: Span<UInt8>) -> [UInt8] {
        let bytes = query.indices.map { query[$0] }
        return Array(
            bytes.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
                .sorted { $0.lexicographicallyPrecedes($1) }
                .joined(separator: CollectionOfOne(UInt8(ascii: "&"))))
    }

    private static func writeLine(_ value: String, to lines: inout OutputSpan<UInt8>) {
        beginLine(&lines)
        write(value.utf8.span, to: &lines)
    }

    private static func beginLine(_ lines: inout OutputSpan<UInt8>) { lines.append(UInt8(ascii: "\n")) }

    private static func write(_ bytes: Span<UInt8>, to lines: inout OutputSpan<UInt8>) {
        for index in bytes.indices { lines.append(bytes[index]) }
    }

    private static func refuseControlCharacters(_ value: String) throws(CanonicalFailure) {
        guard holds(value, only: 0x20...0x7E) else { throw .valueHoldsControlCharacter }
    }

    private static func holds(_ text: String, only range: ClosedRange<UInt8>) -> Bool {
        let bytes = text.utf8.span
        for index in bytes.indices where !range.contains(bytes[index]) { return false }
        return true
    }
}
