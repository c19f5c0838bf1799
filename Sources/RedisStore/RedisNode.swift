/// Where one server listens.
struct RedisNode: Sendable, Hashable, CustomStringConvertible {
    let host: String
    let port: Int

    var description: String { "\(host):\(port)" }
}
