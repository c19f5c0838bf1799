/// `host:port`, with an IPv6 address in brackets.
struct Address: Sendable, Equatable, CustomStringConvertible {
    let host: String
    let port: Int

    /// `nil` when it is not one. Without a host it is the loopback address: a mock has no business on another.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
        let host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            self.host = String(host.dropFirst().dropLast())
        } else {
            guard !host.contains(":") else { return nil }
            self.host = host.isEmpty ? "127.0.0.1" : String(host)
        }
        self.port = Int(port)
    }

    init(host: String, port: Int) { (self.host, self.port) = (host, port) }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
