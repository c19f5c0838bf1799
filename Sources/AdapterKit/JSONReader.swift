/// Why a text is not JSON that we accept, and where.
public struct JSONFailure: Error, Sendable, Equatable {
    public enum Reason: String, Sendable {
        case syntax = "not valid JSON"
        case invalidUTF8 = "not valid UTF-8"
        case duplicateMember = "a member occurs twice"
        case tooDeep = "nested too deeply"
    }

    public let reason: Reason
    /// Bytes from the start of the text.
    public let offset: Int
    /// RFC 6901 pointer to the value being read when it failed; empty for the whole document.
    public let pointer: String
}

extension JSON {
    /// Levels of nesting that are read; deeper texts are refused before they can exhaust the stack.
    public static let maximumDepth = 64

    /// Reads one JSON text. The caller bounds its size.
    public init(parsing bytes: [UInt8]) throws(JSONFailure) {
        var reader = JSONReader(bytes: bytes)
        self = try reader.document()
    }

    /// One reference token of a JSON pointer, escaped as RFC 6901 says.
    public static func pointerToken(_ name: String) -> String {
        name.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
            .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
    }
}

extension JSONFailure {
    /// The same failure, seen from the object or array that holds the value.
    fileprivate func below(_ token: String) -> JSONFailure {
        JSONFailure(reason: reason, offset: offset, pointer: "/" + JSON.pointerToken(token) + pointer)
    }
}

/// On the path of every payment: it copies a string's bytes once, and learns the pointer only when something fails.
private struct JSONReader {
    /// Objects up to this size are searched for a name member by member: cheaper than hashing each, and still bounded.
    private static let searchedMembers = 16

    let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(JSONFailure) -> JSON {
        let value = try value()
        skipWhiteSpace()
        guard position == bytes.count else { throw failure(.syntax) }
        return value
    }

    private func failure(_ reason: JSONFailure.Reason) -> JSONFailure {
        JSONFailure(reason: reason, offset: position, pointer: "")
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipWhiteSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        position += 1
        return true
    }

    private mutating func value() throws(JSONFailure) -> JSON {
        skipWhiteSpace()
        switch current {
        case UInt8(ascii: "{"): return try nested { reader throws(JSONFailure) in try reader.object() }
        case UInt8(ascii: "["): return try nested { reader throws(JSONFailure) in try reader.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func nested(_ read: (inout JSONReader) throws(JSONFailure) -> JSON) throws(JSONFailure) -> JSON {
        guard depth < JSON.maximumDepth else { throw failure(.tooDeep) }
        depth += 1
        position += 1
        let value = try read(&self)
        depth -= 1
        return value
    }

    private mutating func literal(_ word: String, _ value: JSON) throws(JSONFailure) -> JSON {
        for byte in word.utf8 {
            guard take(byte) else { throw failure(.syntax) }
        }
        return value
    }

    private mutating func object() throws(JSONFailure) -> JSON {
        var members: [JSON.Member] = []
        var names: Set<String> = []
        skipWhiteSpace()
        if take(UInt8(ascii: "}")) { return .object([]) }
        members.reserveCapacity(8)
        repeat {
            skipWhiteSpace()
            guard current == UInt8(ascii: "\"") else { throw failure(.syntax) }
            let name = try string()
            do throws(JSONFailure) {
                guard Self.isNew(name, among: members, &names) else { throw failure(.duplicateMember) }
                members.append(JSON.Member(name, try memberValue()))
            } catch { throw error.below(name) }
            skipWhiteSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw failure(.syntax) }
        return .object(members)
    }

    /// Names that are canonically equivalent Unicode count as the same: a consumer may treat them so.
    /// - Parameter names: those of `members`, once there are many.
    private static func isNew(_ name: String, among members: [JSON.Member], _ names: inout Set<String>) -> Bool {
        if members.count < searchedMembers { return !members.contains { $0.name == name } }
        if names.isEmpty { names = Set(members.map(\.name)) }
        return names.insert(name).inserted
    }

    private mutating func memberValue() throws(JSONFailure) -> JSON {
        skipWhiteSpace()
        guard take(UInt8(ascii: ":")) else { throw failure(.syntax) }
        return try value()
    }

    private mutating func array() throws(JSONFailure) -> JSON {
        var elements: [JSON] = []
        skipWhiteSpace()
        if take(UInt8(ascii: "]")) { return .array([]) }
        repeat {
            do throws(JSONFailure) { elements.append(try value()) } catch { throw error.below(String(elements.count)) }
            skipWhiteSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw failure(.syntax) }
        return .array(elements)
    }

    private mutating func string() throws(JSONFailure) -> String {
        position += 1
        let start = position
        position = endOfPlainBytes()
        // Most strings hold no escape: they are made of their bytes as they stand.
        if current == UInt8(ascii: "\"") {
            position += 1
            return try text(bytes.span.extracting(start..<position - 1))
        }
        return try escapedString(from: start)
    }

    /// A string that holds an escape, or does not end; what comes before `position` is plain.
    private mutating func escapedString(from start: Int) throws(JSONFailure) -> String {
        var content = Array(bytes[start..<position])
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return try text(content.span)
            case UInt8(ascii: "\\"): try escape(into: &content)
            case 0..<0x20: throw failure(.syntax)
            default: content.append(byte)
            }
        }
        throw failure(.syntax)
    }

    private func endOfPlainBytes() -> Int {
        let text = bytes.span
        var end = position
        while end < text.count, text[end] >= 0x20, text[end] != UInt8(ascii: "\""), text[end] != UInt8(ascii: "\\") { end += 1 }
        return end
    }

    private func text(_ content: Span<UInt8>) throws(JSONFailure) -> String {
        do { return String(copying: try UTF8Span(validating: content)) } catch { throw failure(.invalidUTF8) }
    }

    private mutating func escape(into content: inout [UInt8]) throws(JSONFailure) {
        guard let byte = current else { throw failure(.syntax) }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"): content += String(try scalar()).utf8
        default: throw failure(.syntax)
        }
    }

    /// What follows `\u`: four digits, or the two halves of a surrogate pair.
    private mutating func scalar() throws(JSONFailure) -> Unicode.Scalar {
        let first = try codeUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        // A surrogate: only a high one with its low one names a character.
        guard (0xD800..<0xDC00).contains(first), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw failure(.syntax)
        }
        let second = try codeUnit()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw failure(.syntax) }
        return scalar
    }

    private mutating func codeUnit() throws(JSONFailure) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw failure(.syntax) }
            position += 1
            value = value << 4 + UInt32(digit)
        }
        return value
    }

    private mutating func number() throws(JSONFailure) -> JSON {
        let start = position
        var isInteger = true
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) {
            isInteger = false
            try digits()
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        let lexeme = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let value = Int64(lexeme) { return .integer(value) }
        return .number(lexeme)
    }

    private mutating func digits() throws(JSONFailure) {
        let start = position
        while let byte = current, (0x30...0x39).contains(byte) { position += 1 }
        guard position > start else { throw failure(.syntax) }
    }
}
