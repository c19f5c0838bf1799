/// The subject of a certificate as RFC 4514 writes it, and as swift-certificates does: `CN=bank-a,O=Bank A,C=BR`.
enum CertificateSubject {
    private static let types: Set<String> = ["CN", "O", "OU", "C", "L", "ST", "STREET", "DC", "E"]
    /// To be written with a backslash before them.
    private static let special = Set(",+\"\\<>;".utf8)

    /// Whether a certificate's subject could be written so.
    static func isWritten(_ text: String) -> Bool {
        guard let attributes = attributes(of: text) else { return false }
        return attributes.allSatisfy(isAttribute)
    }

    /// The pieces between commas and plus signs that no backslash stands before; `nil` where another special character does so.
    private static func attributes(of text: String) -> [[UInt8]]? {
        var attributes: [[UInt8]] = [[]]
        var isEscaped = false
        for byte in text.utf8 {
            if !isEscaped, byte == UInt8(ascii: ",") || byte == UInt8(ascii: "+") {
                attributes.append([])
                continue
            }
            attributes[attributes.count - 1].append(byte)
            guard isEscaped || byte == UInt8(ascii: "\\") || !special.contains(byte) else { return nil }
            isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        }
        return isEscaped ? nil : attributes
    }

    /// `TYPE=value`, the value neither empty nor with a bare blank at its ends.
    private static func isAttribute(_ bytes: [UInt8]) -> Bool {
        guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")) else { return false }
        let value = bytes[(equals + 1)...]
        let type = String(decoding: bytes[..<equals], as: UTF8.self)
        guard types.contains(type) || isOID(type), let first = value.first else { return false }
        let endsWithBlank = value.last == UInt8(ascii: " ") && value.dropLast().last != UInt8(ascii: "\\")
        return first != UInt8(ascii: " ") && first != UInt8(ascii: "#") && !endsWithBlank
    }

    private static func isOID(_ text: String) -> Bool {
        let numbers = text.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count > 1 && numbers.allSatisfy { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } && UInt64($0) != nil }
    }
}
