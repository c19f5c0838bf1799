/// A host as configuration files name it: an IPv4 address, an IPv6 address without its brackets, or a name.
struct HostAddress: Sendable, Equatable {
    let text: String

    init?(_ text: String) {
        guard Self.ipv4(text) != nil || Self.looksLikeIPv6(text) || Self.isName(text) else { return nil }
        self.text = text
    }

    var isIPv6: Bool { text.utf8.contains(UInt8(ascii: ":")) }

    /// 127.0.0.0/8, ::1 and `localhost`.
    var isLoopback: Bool { text == "localhost" || text == "::1" || Self.ipv4(text)?.first == 127 }

    private static func ipv4(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let octets = parts.compactMap { part in part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt8(part) : nil }
        return parts.count == 4 && octets.count == 4 ? octets : nil
    }

    private static func looksLikeIPv6(_ text: String) -> Bool {
        text.utf8.count <= 45 && text.utf8.filter { $0 == UInt8(ascii: ":") }.count >= 2
            && text.utf8.allSatisfy { byte in "0123456789abcdefABCDEF:.".utf8.contains(byte) }
    }

    private static func isName(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        // A last label of digits alone would be a mistyped IPv4 address.
        return text.utf8.count <= 253 && labels.last.map { !$0.utf8.allSatisfy { (0x30...0x39).contains($0) } } == true
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy { ValueSyntax<String>.isAlphanumeric($0) || "-_".utf8.contains($0) }
            }
    }
}

/// `host:port`, with an IPv6 host in brackets.
struct HostAndPort: Sendable, Equatable, CustomStringConvertible {
    let host: HostAddress
    let port: Int

    /// - Parameter standardPort: taken where none is written; `nil`: one must be.
    init?(_ text: some StringProtocol, ports: ClosedRange<Int> = 1...65_535, standardPort: Int? = nil) {
        let hostText: String
        let rest: String
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            hostText = String(text[text.index(after: text.startIndex)..<end])
            rest = String(text[text.index(after: end)...])
        } else {
            let colon = text.firstIndex(of: ":") ?? text.endIndex
            hostText = String(text[..<colon])
            rest = String(text[colon...])
        }
        guard let host = HostAddress(hostText), host.isIPv6 == text.hasPrefix("["),
            let port = Self.port(rest, standard: standardPort), ports.contains(port)
        else { return nil }
        self.host = host
        self.port = port
    }

    private static func port(_ text: String, standard: Int?) -> Int? {
        if text.isEmpty { return standard }
        guard text.first == ":", (2...6).contains(text.utf8.count),
            text.utf8.dropFirst().allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return Int(text.dropFirst())
    }

    var description: String { host.isIPv6 ? "[\(host.text)]:\(port)" : "\(host.text):\(port)" }
}
