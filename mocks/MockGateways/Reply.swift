import NIOHTTP1

/// An answer as bytes, and how they are to be sent.
struct Reply: Sendable, Equatable {
    var status: Int
    /// What HTTP/1.1 says after the status; `nil` is the usual phrase.
    var reason: String?
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

extension Reply {
    private static let floodBytes = 100_000_000
    private static let manyHeaders = 10_000
    private static let hugeHeaderBytes = 1_048_576
    private static let html = Array("<html><body><h1>Bad gateway</h1></body></html>".utf8)

    /// What goes wrong before the answer is signed.
    mutating func distort(_ misbehaviour: Misbehaviour) {
        switch misbehaviour {
        case .garbage:
            body = Self.html
            headers.replaceOrAdd(name: "Content-Type", value: "text/html")
        case .empty: body = []
        case .truncated: body.removeLast(body.count / 2)
        case .cutMidAnswer: delivery = .cutMidway
        case .closeIdle: delivery = .wholeThenClose
        case .drip: delivery = .drip
        case .hugeBody: delivery = .flood(bytes: Self.floodBytes)
        case .manyHeaders:
            for number in 1...Self.manyHeaders { headers.add(name: "X-Filler-\(number)", value: "0") }
        case .hugeHeader: headers.add(name: "X-Filler", value: String(repeating: "0", count: Self.hugeHeaderBytes))
        default: break
        }
    }
}
