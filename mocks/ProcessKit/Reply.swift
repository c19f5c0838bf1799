package import AdapterKit

/// An answer of the program, as its bytes came.
package struct Reply: Sendable {
    package let status: Int
    package let headers: Headers
    package let body: [UInt8]

    /// `nil` unless the bytes are one whole HTTP/1.1 answer.
    package init?(_ bytes: [UInt8]) {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.first == "HTTP/1.1", words.count > 1, let status = Int(words[1]) else { return nil }
        var headers = Headers()
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            headers.add(String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        self.status = status
        self.headers = headers
        body = Array(bytes[end.upperBound...])
        guard headers.single("content-length").flatMap({ Int($0) }) == body.count else { return nil }
    }

    package var json: JSON? { try? JSON(parsing: body) }
    package var text: String { String(decoding: body, as: UTF8.self) }

    package subscript(name: String) -> JSON? { json?[name] }

    // MARK: Payments and refunds

    package var id: String { self["id"]?.text ?? "no id" }
    package var state: String? { self["status"]?.text }
    package var reason: String? { self["processing_reason"]?.text }
    package var attempts: [JSON] { self["attempts"]?.elements ?? [] }
    package var isReplayed: Bool { headers.single("idempotent-replayed") == "true" }

    // MARK: Problems

    package var code: String? { self["code"]?.text }
    package var pointers: [String] { (self["errors"]?.elements ?? []).compactMap { $0["pointer"]?.text } }
    package var isProblem: Bool {
        headers.single("content-type") == "application/problem+json" && self["status"]?.integer == Int64(status)
            && self["request_id"]?.text == headers.single("x-request-id")
    }
}
