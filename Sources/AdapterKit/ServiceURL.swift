/// An address of a gateway's beside its base URL: https, or http on loopback, as for the base URL itself.
public struct ServiceURL: Sendable, Equatable {
    public let isSecure: Bool
    public let host: String
    public let port: Int
    /// Begins with a slash.
    public let path: String

    /// `nil` unless the text is `https://host[:port][/path]` without user, query or fragment.
    public init?(_ text: String) {
        guard let (scheme, rest) = Self.split(text, at: "://"), scheme == "https" || scheme == "http" else { return nil }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        path = slash == rest.endIndex ? "/" : String(rest[slash...])
        isSecure = scheme == "https"
        guard let (host, port) = Self.endpoint(authority, standardPort: isSecure ? 443 : 80) else { return nil }
        (self.host, self.port) = (host, port)
        guard path.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !Array("?#\"<>\\".utf8).contains($0) }) else { return nil }
        guard isSecure || ["127.0.0.1", "localhost", "::1"].contains(host) else { return nil }
    }

    private static func split(_ text: String, at mark: String) -> (Substring, Substring)? {
        var start = text.startIndex
        while start < text.endIndex {
            if text[start...].hasPrefix(mark) { return (text[..<start], text[text.index(start, offsetBy: mark.count)...]) }
            start = text.index(after: start)
        }
        return nil
    }

    /// A name, an IPv4 address or an IPv6 address in brackets, and perhaps a port.
    private static func endpoint(_ text: Substring, standardPort: Int) -> (host: String, port: Int)? {
        var (name, rest) = (text, Substring())
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            (name, rest) = (text[text.index(after: text.startIndex)..<end], text[text.index(after: end)...])
            guard name.utf8.allSatisfy({ isHexadecimal($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }) else {
                return nil
            }
        } else {
            let colon = text.firstIndex(of: ":") ?? text.endIndex
            (name, rest) = (text[..<colon], text[colon...])
            guard name.utf8.allSatisfy(isName) else { return nil }
        }
        guard !name.isEmpty, name.utf8.count <= 253 else { return nil }
        if rest.isEmpty { return (String(name), standardPort) }
        let digits = rest.dropFirst()
        guard rest.hasPrefix(":"), !digits.hasPrefix("+"), let port = Int(digits), (1...65_535).contains(port) else { return nil }
        return (String(name), port)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }

    private static func isName(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
}
