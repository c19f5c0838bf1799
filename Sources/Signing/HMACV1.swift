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
        guard !request.method.isEmpty, request.method.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
            throw .methodNotUpperCase
        }
        guard request.target.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .targetNotPercentEncoded }
        for value in [request.tenant, request.idempotencyKey, request.timestamp] { try refuseControlCharacters(value) }
        let parts = request.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts.first.flatMap { $0.isEmpty ? nil : String($0) } ?? "/"
        let query = parts.count > 1 ? sorted(query: parts[1]) : ""
        return [
            request.method, path, query, hexDigest(of: request.body), request.tenant, request.idempotencyKey, request.timestamp,
        ].joined(separator: "\n")
    }

    /// Four lines: an answer begins with digits where a request begins with letters, so neither passes for the other.
    public static func canonical(_ answer: Answer) throws(CanonicalFailure) -> String {
        for value in [answer.requestID, answer.timestamp] { try refuseControlCharacters(value) }
        return [String(answer.status), hexDigest(of: answer.body), answer.requestID, answer.timestamp].joined(separator: "\n")
    }

    public static func signature(of request: Request, with secret: Secret) throws(CanonicalFailure) -> String {
        signature(over: try canonical(request), with: secret)
    }

    public static func signature(of answer: Answer, with secret: Secret) throws(CanonicalFailure) -> String {
        signature(over: try canonical(answer), with: secret)
    }

    /// Whether one of the signatures in the header (separated by `, `) was made by one of the secrets. Every pair is compared, in
    /// constant time, so that the time taken does not tell which one held.
    public static func verify(_ header: String, of request: Request, with secrets: [Secret]) -> Bool {
        guard let canonical = try? canonical(request) else { return false }
        return verify(header, over: canonical, with: secrets)
    }

    public static func verify(_ header: String, of answer: Answer, with secrets: [Secret]) -> Bool {
        guard let canonical = try? canonical(answer) else { return false }
        return verify(header, over: canonical, with: secrets)
    }

    private static func signature(over canonical: String, with secret: Secret) -> String {
        prefix + Base64.encode(code(over: canonical, with: secret))
    }

    private static func code(over canonical: String, with secret: Secret) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(canonical.utf8), using: SymmetricKey(data: secret.bytes)))
    }

    private static func verify(_ header: String, over canonical: String, with secrets: [Secret]) -> Bool {
        let sent = header.split(separator: ",", maxSplits: maximumSignatures).prefix(maximumSignatures).compactMap(decoded)
        var holds = false
        for secret in secrets {
            let expected = code(over: canonical, with: secret)
            for signature in sent where Secret.constantTimeEqual(signature, expected) { holds = true }
        }
        return holds
    }

    private static func decoded(_ piece: Substring) -> [UInt8]? {
        let text = piece.drop { $0 == " " }
        guard text.hasPrefix(prefix) else { return nil }
        return Base64.decode(text.dropFirst(prefix.count))
    }

    private static func refuseControlCharacters(_ value: String) throws(CanonicalFailure) {
        guard value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { throw .valueHoldsControlCharacter }
    }

    /// Whole pieces sorted by bytes; repeats and empty pieces stay.
    private static func sorted(query: Substring) -> String {
        query.split(separator: "&", omittingEmptySubsequences: false)
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            .joined(separator: "&")
    }

    private static func hexDigest(of body: [UInt8]) -> String { Hex.encode(SHA256.hash(data: body)) }
}
