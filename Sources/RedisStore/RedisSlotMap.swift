/// Which primary of a cluster serves which slot.
struct RedisSlotMap: Sendable {
    private(set) var nodes: [RedisNode] = []
    /// A place in `nodes` for each slot.
    private var owners = [Int16?](repeating: nil, count: RedisSlot.count)

    static let question = RedisCommand("CLUSTER", "SLOTS")

    /// - Parameters:
    ///   - reply: to `CLUSTER SLOTS`: for each range its first slot, its last, its primary and the replicas.
    ///   - asked: who gave it.
    /// - Returns: `nil` of a server that is not in a cluster, or does not let itself be asked.
    init?(_ reply: RedisReply, from asked: RedisNode) {
        guard let ranges = reply.elements else { return nil }
        for range in ranges {
            guard let parts = range.elements, parts.count >= 3, let node = Self.node(parts[2], asked),
                let first = Self.slot(parts[0]), let last = Self.slot(parts[1]), first.number <= last.number
            else { continue }
            for number in first.number...last.number { set(number, node) }
        }
    }

    private static func slot(_ reply: RedisReply) -> RedisSlot? { reply.integer.flatMap { RedisSlot(Int($0)) } }

    /// - Returns: `nil` of one that is to be reached by a name that it has not.
    private static func node(_ reply: RedisReply, _ asked: RedisNode) -> RedisNode? {
        guard let parts = reply.elements, parts.count >= 2, let port = parts[1].integer, (1...65_535).contains(port) else {
            return nil
        }
        // A server that does not know its own address is where it was asked.
        let host = parts[0].text ?? ""
        return host == "?" ? nil : RedisNode(host: host.isEmpty ? asked.host : host, port: Int(port))
    }

    func owner(of slot: RedisSlot) -> RedisNode? { owners[slot.number].map { nodes[Int($0)] } }

    /// As a redirection says.
    mutating func move(_ slot: RedisSlot, to node: RedisNode) { set(slot.number, node) }

    private mutating func set(_ number: Int, _ node: RedisNode) {
        let place = nodes.firstIndex(of: node) ?? nodes.count
        // A cluster has a thousand nodes at most.
        guard let index = Int16(exactly: place) else { return }
        if place == nodes.count { nodes.append(node) }
        owners[number] = index
    }
}
