import AdapterKit
import NIOHTTP1
import Signing

/// An answer as bytes, and how they are to be sent.
struct Reply: Sendable, Equatable {
    var status: Int
    var headers: HTTPHeaders
    var body: [UInt8]
    var delivery = Delivery.whole

    enum Delivery: Sendable, Equatable {
        case whole
        /// Half of the body, then the end of the connection.
        case cutMidway
        /// One byte of the body a second.
        case drip
        /// Spaces in the place of the body, this many bytes.
        case flood(bytes: Int)
        /// The whole answer, then the end of the connection, unannounced.
        case wholeThenClose
    }
}

/// Turns what the bank means to say into signed bytes, right or wrong.
struct AnswerWriter: Sendable {
    let now: Timestamp
    let requestID: String
    let key: SigningKey?

    private static let floodBytes = 100_000_000
    private static let manyHeaders = 10_000
    private static let hugeHeaderBytes = 1_048_576
    private static let html = Array("<html><body><h1>Bad gateway</h1></body></html>".utf8)

    func reply(_ answer: Answer, _ misbehaviour: Misbehaviour? = nil) -> Reply {
        var reply = Reply(status: answer.status, headers: ["Content-Type": "application/json"], body: answer.body.encoded())
        for header in answer.headers { reply.headers.add(name: header.name, value: header.value) }
        misbehaviour.map { Self.distort(&reply, $0) }
        sign(&reply, misbehaviour)
        return reply
    }

    /// What goes wrong before the answer is signed.
    private static func distort(_ reply: inout Reply, _ misbehaviour: Misbehaviour) {
        switch misbehaviour {
        case .garbage:
            reply.body = html
            reply.headers.replaceOrAdd(name: "Content-Type", value: "text/html")
        case .empty: reply.body = []
        case .truncated: reply.body.removeLast(reply.body.count / 2)
        case .cutMidAnswer: reply.delivery = .cutMidway
        case .closeIdle: reply.delivery = .wholeThenClose
        case .drip: reply.delivery = .drip
        case .hugeBody: reply.delivery = .flood(bytes: floodBytes)
        case .manyHeaders:
            for number in 1...manyHeaders { reply.headers.add(name: "X-Filler-\(number)", value: "0") }
        case .hugeHeader: reply.headers.add(name: "X-Filler", value: String(repeating: "0", count: hugeHeaderBytes))
        default: break
        }
    }

    private func sign(_ reply: inout Reply, _ misbehaviour: Misbehaviour?) {
        guard misbehaviour != .noSignature, let key else { return }
        let timestamp = now.rfc3339WholeSeconds
        // Another status is signed than the one that is sent.
        let status = misbehaviour == .badSignature ? reply.status + 1 : reply.status
        let signed = HMACV1.Answer(status: status, body: reply.body, requestID: requestID, timestamp: timestamp)
        guard let signature = try? HMACV1.signature(of: signed, with: key.secret) else { return }
        reply.headers.add(name: "X-Timestamp", value: timestamp)
        reply.headers.add(name: "X-Signature", value: signature)
    }
}
