/// A JSON value, read strictly (RFC 8259) and written deterministically.
///
/// Foundation's decoders accept duplicate members and keep no positions; a payment request must not be read in two ways, so the
/// project reads JSON in this one place.
public enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// A number that is not an integer of 64 bits, as it was written: `1.0`, `1e3`, `99999999999999999999`.
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    public struct Member: Sendable, Hashable {
        public let name: String
        public let value: JSON

        public init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// Builds an object in the order given.
    public static func members(_ members: [(String, JSON)]) -> JSON {
        .object(members.map { Member($0.0, $0.1) })
    }

    /// A string, or `null`.
    public static func optional(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
}

extension JSON {
    public subscript(name: String) -> JSON? {
        guard case .object(let members) = self, let index = members.firstIndex(where: { $0.name == name }) else { return nil }
        return members[index].value
    }

    public var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    public var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    public var elements: [JSON]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    public var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The same value with the members of every object in byte order of their names: equal for requests that differ
    /// only in member order and white space.
    public var canonical: JSON {
        switch self {
        case .array(let elements): .array(elements.map(\.canonical))
        case .object(let members):
            .object(
                members.map { Member($0.name, $0.value.canonical) }
                    .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) })
        default: self
        }
    }

    /// The same value with every leaf blanked, except below members whose name is allowed to be shown.
    public func redacted(keeping shown: Set<String>) -> JSON {
        switch self {
        case .object(let members):
            .object(
                members.map { member in
                    switch member.value {
                    case .object, .array: Member(member.name, member.value.redacted(keeping: shown))
                    case .null: member
                    default: shown.contains(member.name) ? member : Member(member.name, .string("<redacted>"))
                    }
                })
        case .array(let elements): .array(elements.map { $0.redacted(keeping: shown) })
        case .null: self
        default: .string("<redacted>")
        }
    }
}

// MARK: - Writing

extension JSON {
    /// Compact UTF-8, members in the order they stand.
    public func encoded() -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(512)
        write(to: &output)
        return output
    }

    /// Appends what `encoded` gives.
    public func write(to output: inout [UInt8]) {
        switch self {
        case .null: output += "null".utf8
        case .bool(let value): output += (value ? "true" : "false").utf8
        case .integer(let value): output += String(value).utf8
        case .number(let lexeme): output += lexeme.utf8
        case .string(let text): Self.write(text, to: &output)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for index in elements.indices {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                elements[index].write(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for index in members.indices {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                Self.write(members[index].name, to: &output)
                output.append(UInt8(ascii: ":"))
                members[index].value.write(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    /// Most texts hold nothing that must be escaped, and are copied at once.
    private static func write(_ text: String, to output: inout [UInt8]) {
        let bytes = text.utf8.span
        guard isPlain(bytes) else { return writeEscaping(text, to: &output) }
        output.append(addingCapacity: bytes.count + 2) { free in
            free.append(UInt8(ascii: "\""))
            for index in bytes.indices { free.append(bytes[index]) }
            free.append(UInt8(ascii: "\""))
        }
    }

    private static func isPlain(_ text: Span<UInt8>) -> Bool {
        for index in text.indices where mustEscape(text[index]) { return false }
        return true
    }

    private static func mustEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func writeEscaping(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                output.append(UInt8(ascii: "\\"))
                output.append(byte)
            case 0x00..<0x20:
                output += "\\u00".utf8
                output.append(hexadecimal[Int(byte >> 4)])
                output.append(hexadecimal[Int(byte & 15)])
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    private static let hexadecimal = Array("0123456789abcdef".utf8)
}
