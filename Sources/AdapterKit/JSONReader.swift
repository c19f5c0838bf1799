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

private struct JSONReader {
    let bytes: [UInt8]
    private var position = 0
    private var path: [String] = []

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(JSONFailure) -> JSON {
        let value = try value()
        skipWhiteSpace()
        guard position == bytes.count else { throw failure(.syntax) }
        return value
    }

    private func failure(_ reason: JSONFailure.Reason) -> JSONFailure {
        JSONFailure(reason: reason, offset: position, pointer: path.map { "/" + JSON.pointerToken($0) }.joined())
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
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            // The path has one token for each object and array that is open.
            guard path.count < JSON.maximumDepth else { throw failure(.tooDeep) }
            return try current == UInt8(ascii: "{") ? object() : array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSON) throws(JSONFailure) -> JSON {
        for byte in "\(word)".utf8 {
            guard take(byte) else { throw failure(.syntax) }
        }
        return value
    }

    private mutating func object() throws(JSONFailure) -> JSON {
        position += 1
        var members: [JSON.Member] = []
        var names: Set<String> = []
        skipWhiteSpace()
        if take(UInt8(ascii: "}")) { return .object([]) }
        repeat {
            skipWhiteSpace()
            guard current == UInt8(ascii: "\"") else { throw failure(.syntax) }
            let name = try string()
            path.append(name)
            // Names that are canonically equivalent Unicode count as the same: a consumer may treat them so.
            guard names.insert(name).inserted else { throw failure(.duplicateMember) }
            skipWhiteSpace()
            guard take(UInt8(ascii: ":")) else { throw failure(.syntax) }
            members.append(JSON.Member(name, try value()))
            path.removeLast()
            skipWhiteSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw failure(.syntax) }
        return .object(members)
    }

    private mutating func array() throws(JSONFailure) -> JSON {
        position += 1
        var elements: [JSON] = []
        skipWhiteSpace()
        if take(UInt8(ascii: "]")) { return .array([]) }
        repeat {
            path.append(String(elements.count))
            elements.append(try value())
            path.removeLast()
            skipWhiteSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw failure(.syntax) }
        return .array(elements)
    }

    private mutating func string() throws(JSONFailure) -> String {
        position += 1
        var content: [UInt8] = []
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: content, as: UTF8.self) else { throw failure(.invalidUTF8) }
                return text
            case UInt8(ascii: "\\"): content += try escape()
            case 0..<0x20: throw failure(.syntax)
            default: content.append(byte)
            }
        }
        throw failure(.syntax)
    }

    private mutating func escape() throws(JSONFailure) -> [UInt8] {
        guard let byte = current else { throw failure(.syntax) }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            let first = try codeUnit()
            if let scalar = Unicode.Scalar(first) { return Array(String(scalar).utf8) }
            // A surrogate: only a high one with its low one names a character.
            guard (0xD800..<0xDC00).contains(first), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
                throw failure(.syntax)
            }
            let second = try codeUnit()
            guard (0xDC00..<0xE000).contains(second),
                let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
            else { throw failure(.syntax) }
            return Array(String(scalar).utf8)
        default: throw failure(.syntax)
        }
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
