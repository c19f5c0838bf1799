import AdapterKit
import HTTPTypes
import Payments
import Signing

/// The headers of the API, each read once and checked.
struct InboundHeaders {
    private static let requestIDLength = 1...128
    private static let prefer = HTTPField.Name("Prefer")
    private let fields: HTTPFields

    init(_ fields: HTTPFields) { self.fields = fields }

    /// `nil` when the field is missing.
    /// - Throws: when it is repeated: which one was meant, or signed, cannot be known.
    func single(_ name: String) throws(Problem) -> String? {
        guard let field = HTTPField.Name(name) else { return nil }
        let found = fields[fields: field]
        guard let first = found.first else { return nil }
        let count = found.count
        guard count == 1 else {
            throw Problem(
                .malformedRequest, "\(name) occurs \(count) times.", errors: [.init("/headers/\(name)", "must occur once")])
        }
        return first.value
    }

    /// Echoed; made where the caller sends none, or an empty one.
    func requestID(_ random: any RandomSource) throws(Problem) -> String {
        guard let sent = try single("X-Request-Id"), !sent.isEmpty else { return Self.freshRequestID(random) }
        let isAllowed = sent.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 }
        guard Self.requestIDLength.contains(sent.utf8.count), isAllowed else {
            throw .header("X-Request-Id", "must have 1 to 128 printable characters or tabs")
        }
        return sent
    }

    static func freshRequestID(_ random: any RandomSource) -> String { Hex.encode(random.bytes(16)) }

    /// A missing or impossible tenant is nobody (401), as an unknown one is.
    func tenant() throws(Problem) -> String {
        guard let tenant = try single("X-Tenant-Id") else { throw Self.nobody("is required") }
        let isAllowed = tenant.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D }
        guard (1...63).contains(tenant.utf8.count), isAllowed, tenant.utf8.first != 0x2D else {
            throw Self.nobody("must match ^[a-z0-9][a-z0-9-]{0,62}$")
        }
        return tenant
    }

    private static func nobody(_ rule: String) -> Problem {
        Problem(.unauthenticated, "X-Tenant-Id \(rule).", errors: [.init("/headers/X-Tenant-Id", rule)])
    }

    /// `"abc"` (a structured-field string) and `abc` are the same key (K1).
    func idempotencyKey() throws(Problem) -> String {
        guard let sent = try single("Idempotency-Key"), !sent.isEmpty else {
            throw Problem(
                .idempotencyKeyMissing, "Send an Idempotency-Key of your own, and the same one when you repeat the request.",
                errors: [.init("/headers/Idempotency-Key", "is required")])
        }
        guard (1...255).contains(sent.utf8.count), sent.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .header("Idempotency-Key", "must have 1 to 255 characters from ! to ~")
        }
        let key = Self.unquoted(sent)
        guard !key.isEmpty else { throw .header("Idempotency-Key", "must not be empty") }
        return key
    }

    private static func unquoted(_ text: String) -> String {
        guard text.utf8.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return text }
        var key = ""
        var isEscaped = false
        for character in text.dropFirst().dropLast() {
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                key.append(character)
                isEscaped = false
            }
        }
        return key
    }

    /// RFC 7240: `respond-async` waits not at all, `wait=N` at most N seconds. What is not understood is ignored, as it says.
    func patience() -> Duration? {
        guard let prefer = Self.prefer, fields.contains(prefer) else { return nil }
        let preferences = fields[values: prefer].flatMap { $0.split(separator: ",") }.map {
            $0.filter { $0 != " " && $0 != "\t" }.lowercased()
        }
        if preferences.contains("respond-async") { return .zero }
        let seconds = preferences.lazy.compactMap { $0.hasPrefix("wait=") ? Int64($0.dropFirst(5)) : nil }.first
        return seconds.flatMap { $0 >= 0 ? .seconds(min($0, 3_600)) : nil }
    }

    func requireJSON() throws(Problem) {
        let sent = try single("Content-Type")
        if sent == "application/json" { return }
        let type = sent?.split(separator: ";", maxSplits: 1).first?.filter { $0 != " " }.lowercased()
        guard type == "application/json" else {
            throw Problem(
                .unsupportedMediaType, "Send Content-Type: application/json.",
                errors: [.init("/headers/Content-Type", "must be application/json")])
        }
    }
}

extension Problem {
    static func header(_ name: String, _ rule: String) -> Problem {
        Problem(.malformedRequest, "\(name) \(rule).", errors: [.init("/headers/\(name)", rule)])
    }
}
