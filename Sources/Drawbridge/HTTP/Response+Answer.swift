import HTTPTypes
import Hummingbird
import NIOCore
import Payments

extension Response {
    init(_ answer: Answer, requestID: String, allowing methods: [HTTPRequest.Method]) {
        var headers = HTTPFields()
        headers[.contentType] =
            switch answer.content {
            case .json: "application/json"
            case .problem: "application/problem+json"
            case .yaml: "application/yaml"
            }
        headers.set("X-Request-Id", requestID)
        headers[.location] = answer.location
        if let retryAfter = answer.retryAfter { headers[.retryAfter] = String(retryAfter) }
        if let standing = answer.standing { headers.set(standing) }
        if answer.replayed { headers.set("Idempotent-Replayed", "true") }
        if answer.status == Problem.Code.methodNotAllowed.status {
            headers[.allow] = methods.map(\.rawValue).joined(separator: ", ")
        }
        self.init(status: .init(code: answer.status), headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: answer.body)))
    }
}

extension HTTPFields {
    mutating func set(_ name: String, _ value: String) {
        if let name = HTTPField.Name(name) { self[name] = value }
    }
}
