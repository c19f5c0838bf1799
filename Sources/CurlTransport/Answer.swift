internal import AdapterKit

/// Collects an answer as it comes in and says when it grows beyond its limits.
struct Answer {
    enum Fault: Equatable { case bodyTooLarge, headersTooLarge, malformed }

    static let bodyLimit = 1 << 20
    static let headerBytesLimit = 64 << 10
    static let headerCountLimit = 256

    private static let contentLength = Word("Content-Length")
    private static let transferEncoding = Word("Transfer-Encoding")
    private static let chunked = Word("chunked")
    private static let versionStart = Word("HTTP/")

    private(set) var fault: Fault?
    /// Any byte of an answer, interim ones included.
    private(set) var hasBegun = false
    private(set) var isHTTP2 = false
    private var status = 0
    private var headers = Headers()
    private var body: [UInt8] = []
    private var headersAreComplete = false
    /// Whether a field says where the body ends.
    private var isDelimitedByField = false
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
        let line = unsafe bytes.bindMemory(to: UInt8.self)
        return read(unsafe line.span)
    }

    /// `nil` when nothing says where the body ends, so that a cut would not show.
    func response() -> GatewayResponse? {
        guard fault == nil, headersAreComplete, (200...599).contains(status), isDelimited else { return nil }
        return GatewayResponse(status: status, headers: headers, body: body)
    }

    private var isDelimited: Bool { isHTTP2 || status == 204 || status == 304 || isDelimitedByField }

    private mutating func read(_ line: Span<UInt8>) -> Bool {
        let text = line.trimmed(0..<line.count)
        guard !text.isEmpty else {
            headersAreComplete = status >= 200
            return true
        }
        if Self.versionStart.startMatches(line) { return readStatus(line.extracting(text)) }
        guard text.lowerBound == 0, let colon = line.firstIndex(of: ":", in: text), colon > 0 else { return fail(.malformed) }
        return add(name: line.extracting(0..<colon), value: line.extracting(line.trimmed(colon + 1..<text.upperBound)))
    }

    private mutating func add(name: Span<UInt8>, value: Span<UInt8>) -> Bool {
        if Self.contentLength.matches(name) { isDelimitedByField = true }
        if Self.transferEncoding.matches(name), Self.chunked.endMatches(value) { isDelimitedByField = true }
        headers.add(name.text, value.text)
        return true
    }

    /// The version, the status, and words that mean nothing.
    private mutating func readStatus(_ line: Span<UInt8>) -> Bool {
        guard let space = line.firstIndex(of: " ", in: 0..<line.count) else { return fail(.malformed) }
        let rest = line.trimmed(space..<line.count)
        let end = line.firstIndex(of: " ", in: rest) ?? rest.upperBound
        guard let number = Int(line.extracting(rest.lowerBound..<end).text), (100...599).contains(number) else {
            return fail(.malformed)
        }
        status = number
        isHTTP2 = line.extracting(0..<space).text == "HTTP/2"
        headers = Headers()
        isDelimitedByField = false
        return true
    }

    private mutating func fail(_ fault: Fault) -> Bool {
        self.fault = fault
        return false
    }
}

extension Span<UInt8> {
    /// Strings are made of the parts that are kept, and of nothing else: an answer has many lines.
    fileprivate var text: String { unsafe withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) } }

    /// The range without the white space and line ends around it that HTTP allows.
    fileprivate func trimmed(_ range: Range<Int>) -> Range<Int> {
        func isSpace(_ index: Int) -> Bool { self[index] == 0x20 || (0x09...0x0D).contains(self[index]) }
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, isSpace(start) { start += 1 }
        while start < end, isSpace(end - 1) { end -= 1 }
        return start..<end
    }

    fileprivate func firstIndex(of character: Unicode.Scalar, in range: Range<Int>) -> Int? {
        let byte = UInt8(ascii: character)
        return range.first { self[$0] == byte }
    }
}
