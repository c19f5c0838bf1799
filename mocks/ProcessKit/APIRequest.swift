package import AdapterKit
import Signing

/// A request to the payments API that a test can spoil before or after it is signed.
package struct APIRequest: Sendable {
    package var method: String
    package var target: String
    package var headers: [(name: String, value: String)] = []
    package var body: [UInt8]

    package init(_ method: String, _ target: String, body: [UInt8] = []) {
        self.method = method
        self.target = target
        self.body = body
    }

    package static func post(_ target: String, _ body: JSON?, key: String) -> APIRequest {
        var request = APIRequest("POST", target, body: body?.encoded() ?? [])
        request.add("Idempotency-Key", key)
        if body != nil { request.add("Content-Type", "application/json") }
        return request
    }

    package func value(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    package mutating func add(_ name: String, _ value: String) { headers.append((name, value)) }

    package mutating func remove(_ name: String) { headers.removeAll { $0.name == name } }

    package mutating func set(_ name: String, _ value: String) {
        remove(name)
        add(name, value)
    }

    /// Adds the headers of signature scheme v1, except those that are there already.
    package mutating func sign(_ key: SigningKey, at now: Timestamp) throws {
        if value("X-Key-Id") == nil { add("X-Key-Id", key.id) }
        if value("X-Timestamp") == nil { add("X-Timestamp", now.rfc3339WholeSeconds) }
        let signed = HMACV1.Request(
            method: method, target: target, body: body, tenant: value("X-Tenant-Id") ?? "",
            idempotencyKey: value("Idempotency-Key") ?? "", timestamp: value("X-Timestamp") ?? "")
        add("X-Signature", try HMACV1.signature(of: signed, with: key.secret))
    }

    /// One request and the wish to end the connection after it.
    package var bytes: [UInt8] {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: \(body.count)\r\n"
        for header in headers { head += "\(header.name): \(header.value)\r\n" }
        return Array("\(head)\r\n".utf8) + body
    }
}
