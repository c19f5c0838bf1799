internal import AdapterKit
internal import Payments

/// A request in the form in which libcurl takes it, checked so that no part of it can become another.
struct WireRequest: Sendable {
    let url: String
    let method: GatewayRequest.Method
    /// `Name: value`, or `Name;` for an empty value, or `Name:` for a field of libcurl's own that is not wanted; a zero byte after
    /// each.
    let headerLines: [UInt8]
    let body: [UInt8]

    init(_ request: EgressRequest, endpoint: Endpoint) throws(TransportFailure) {
        guard Self.isHost(endpoint.host), (1...65_535).contains(endpoint.port) else {
            throw .notSent("the endpoint's host or port cannot be used")
        }
        let path = endpoint.basePath + request.target
        guard path.utf8.first == UInt8(ascii: "/"), Self.allBytes(of: path, Self.isPathByte) else {
            throw .notSent("the target is not an absolute, percent-encoded path")
        }
        let host = endpoint.host.utf8.contains(UInt8(ascii: ":")) ? "[\(endpoint.host)]" : endpoint.host
        url = "\(endpoint.scheme.rawValue)://\(host):\(endpoint.port)\(path)"
        method = request.method
        headerLines = try Self.lines(of: request.headers)
        body = request.body
    }

    /// Set by libcurl from the body and the connection: a second opinion about where a request ends is how requests get smuggled.
    private static let reserved = ["Content-Length", "Transfer-Encoding", "Connection", "Expect", "Upgrade"].map(Word.init)
    /// What libcurl adds by itself unless told not to.
    private static let unasked = ["Accept", "Content-Type", "Expect"].map { (name: Word($0), line: Array("\($0):\0".utf8)) }

    private static func lines(of headers: Headers) throws(TransportFailure) -> [UInt8] {
        var lines: [UInt8] = []
        lines.reserveCapacity(1_024)
        for field in headers.fields { try append(field, to: &lines) }
        for (name, line) in unasked where !headers.fields.contains(where: { name.matches($0.name.utf8.span) }) {
            lines.append(contentsOf: line)
        }
        return lines
    }

    private static func append(_ field: (name: String, value: String), to lines: inout [UInt8]) throws(TransportFailure) {
        guard !field.name.isEmpty, allBytes(of: field.name, isTokenByte), allBytes(of: field.value, isValueByte) else {
            throw .notSent("a header field holds a character that it must not")
        }
        guard !reserved.contains(where: { $0.matches(field.name.utf8.span) }) else {
            throw .notSent("the header \(field.name) is the transport's own")
        }
        lines.append(contentsOf: field.name.utf8)
        lines.append(contentsOf: (field.value.isEmpty ? ";" : ": ").utf8)
        lines.append(contentsOf: field.value.utf8)
        lines.append(0)
    }

    private static func allBytes(of text: String, _ isAllowed: (UInt8) -> Bool) -> Bool {
        let bytes = text.utf8.span
        return bytes.indices.allSatisfy { isAllowed(bytes[$0]) }
    }

    private static func isHost(_ host: String) -> Bool {
        !host.isEmpty && host.utf8.count <= 255
            && host.utf8.allSatisfy { isAlphanumeric($0) || [0x2D, 0x2E, 0x3A, 0x5F].contains($0) }  // - . : _
    }

    /// Visible ASCII without `#`, which would start a fragment and never be sent.
    private static func isPathByte(_ byte: UInt8) -> Bool { (0x21...0x7E).contains(byte) && byte != 0x23 }

    private static func isValueByte(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == 0x09 }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "-!#$%&'*+.^_`|~".utf8.contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
