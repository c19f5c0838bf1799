/// An `http` or `https` URL of scheme, host, port and path: no user, query or fragment.
struct WebAddress: Sendable, Equatable, CustomStringConvertible {
    enum Scheme: String, Sendable, CaseIterable { case https, http }

    let scheme: Scheme
    let address: HostAndPort
    /// Without the slash at its end; empty for none.
    let path: String
    /// The path as it was written, for an address that nothing is appended to; `/` for none.
    let target: String

    init?(_ text: String) {
        guard let scheme = Scheme.allCases.first(where: { text.hasPrefix("\($0.rawValue)://") }) else { return nil }
        let rest = text.dropFirst(scheme.rawValue.utf8.count + 3)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        guard let address = HostAndPort(rest[..<slash], standardPort: scheme == .https ? 443 : 80),
            rest[slash...].utf8.allSatisfy(Self.belongsInPath)
        else { return nil }
        self.scheme = scheme
        self.address = address
        target = slash == rest.endIndex ? "/" : String(rest[slash...])
        path = String(rest[slash...].last == "/" ? rest[slash...].dropLast() : rest[slash...])
    }

    private static func belongsInPath(_ byte: UInt8) -> Bool {
        ValueSyntax<String>.isAlphanumeric(byte) || "/-._~%!$&'()*+,;=:".utf8.contains(byte)
    }

    var description: String { "\(scheme.rawValue)://\(address)\(path)" }
}

extension ValueSyntax<WebAddress> {
    /// `https`, or `http` where the host is loopback.
    static var secureAddress: Self {
        address("an https:// URL (http:// only for loopback) without user, query or fragment") {
            $0.scheme == .https || $0.address.host.isLoopback
        }
    }

    static var proxy: Self {
        address("a proxy as http://host:port") { $0.scheme == .http && $0.path.isEmpty }
    }

    static var collector: Self {
        address("an http:// or https:// URL without user, query or fragment") { _ in true }
    }

    private static func address(_ expected: String, where accepts: @escaping (WebAddress) -> Bool) -> Self {
        Self(expected: expected) { content in
            guard case .text(let text) = content, let address = WebAddress(text), accepts(address) else { return nil }
            return address
        }
    }
}
