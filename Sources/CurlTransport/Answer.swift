internal import AdapterKit

/// Collects an answer as it comes in and says when it grows beyond its limits.
struct Answer {
    enum Fault: Equatable { case bodyTooLarge, headersTooLarge, malformed }

    static let bodyLimit = 1 << 20
    static let headerBytesLimit = 64 << 10
    static let headerCountLimit = 256

    private(set) var fault: Fault?
    /// Any byte of an answer, interim ones included.
    private(set) var hasBegun = false
    private(set) var isHTTP2 = false
    private var status = 0
    private var headers = Headers()
    private var body: [UInt8] = []
    private var headersAreComplete = false
    // Over interim answers and trailers too, so that no number of them gets round the limits.
    private var headerBytes = 0
    private var headerLines = 0

    /// - Returns: whether to go on.
    mutating func append(body bytes: UnsafeRawBufferPointer) -> Bool {
        hasBegun = true
        guard body.count + bytes.count <= Self.bodyLimit else { return fail(.bodyTooLarge) }
        unsafe body.append(contentsOf: bytes)
        return true
    }

    /// A status line, a field, the empty line at the end, or a trailer.
    /// - Returns: whether to go on.
    mutating func append(headerLine bytes: UnsafeRawBufferPointer) -> Bool {
        hasBegun = true
        headerBytes += bytes.count
        headerLines += 1
        guard headerBytes <= Self.headerBytesLimit, headerLines <= Self.headerCountLimit else { return fail(.headersTooLarge) }
        guard !headersAreComplete else { return true }  // a trailer: nothing in it is used
        return read(unsafe String(decoding: bytes, as: UTF8.self))
    }

    /// `nil` when nothing says where the body ends, so that a cut would not show.
    func response() -> GatewayResponse? {
        guard fault == nil, headersAreComplete, (200...599).contains(status), isDelimited else { return nil }
        return GatewayResponse(status: status, headers: headers, body: body)
    }

    private var isDelimited: Bool {
        isHTTP2 || status == 204 || status == 304 || !headers.values("Content-Length").isEmpty
            || headers.values("Transfer-Encoding").contains { $0.lowercased().hasSuffix("chunked") }
    }

    private mutating func read(_ line: String) -> Bool {
        let text = line.trimmed
        if text.isEmpty {
            headersAreComplete = status >= 200
            return true
        }
        if line.utf8.starts(with: "HTTP/".utf8) { return readStatus(text) }
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), colon != text.startIndex, line.utf8.first != 0x20,
            line.utf8.first != 0x09
        else { return fail(.malformed) }
        headers.add(String(text[..<colon]), String(text[text.utf8.index(after: colon)...]).trimmed)
        return true
    }

    private mutating func readStatus(_ text: String) -> Bool {
        let words = text.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, let number = Int(words[1]), (100...599).contains(number) else { return fail(.malformed) }
        status = number
        isHTTP2 = words[0] == "HTTP/2"
        headers = Headers()
        return true
    }

    private mutating func fail(_ fault: Fault) -> Bool {
        self.fault = fault
        return false
    }
}

extension String {
    /// Without the white space and line ends around it that HTTP allows.
    fileprivate var trimmed: String {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        let bytes = utf8.drop(while: isSpace)
        guard let last = bytes.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(decoding: bytes[...last], as: UTF8.self)
    }
}
