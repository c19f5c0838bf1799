/// Where callbacks go: `http://` or `https://`, a host, a port, and the request target as it will stand on the wire.
public struct CallbackURL: Sendable, Equatable, LosslessStringConvertible {
    /// Characters of a URL; a longer one is refused.
    private static let maximumLength = 2048

    public let description: String
    let usesTLS: Bool
    /// Without the brackets of an IPv6 address.
    let host: String
    let port: Int
    /// Path, and query after the first `?`; never decoded.
    public let target: String

    /// `nil` for another scheme, no host, a user name, a fragment, a port outside 1 to 65535, and what is not printable ASCII.
    public init?(_ description: String) {
        guard description.utf8.count <= Self.maximumLength, description.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !description.contains(where: { "@#\\".contains($0) }), let scheme = description.firstRange(of: "://")
        else { return nil }
        switch description[..<scheme.lowerBound] {
        case "http": usesTLS = false
        case "https": usesTLS = true
        default: return nil
        }
        let rest = description[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard let (host, port) = Self.endpoint(authority, standardPort: usesTLS ? 443 : 80) else { return nil }
        self.description = description
        self.host = host
        self.port = port
        let target = rest[authority.endIndex...]
        self.target = target.hasPrefix("/") ? String(target) : "/" + target
    }

    /// What `Host` says.
    var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    private static func endpoint(_ authority: Substring, standardPort: Int) -> (host: String, port: Int)? {
        let isBracketed = authority.hasPrefix("[")
        let host = isBracketed ? authority.dropFirst().prefix { $0 != "]" } : authority.prefix { $0 != ":" }
        var rest = authority[host.endIndex...]
        if isBracketed {
            guard rest.hasPrefix("]") else { return nil }
            rest = rest.dropFirst()
        }
        guard !host.isEmpty else { return nil }
        if rest.isEmpty { return (String(host), standardPort) }
        guard rest.hasPrefix(":"), let port = Int(rest.dropFirst()), (1...65_535).contains(port) else { return nil }
        return (String(host), port)
    }
}
