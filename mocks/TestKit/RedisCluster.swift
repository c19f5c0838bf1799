/// Three real redis-servers of this machine that are one cluster without replicas, each with a third of the slots.
public struct RedisCluster: Sendable {
    /// The cluster of a test that has the trait `redisCluster`.
    @TaskLocal public static var current: RedisCluster?

    public let nodes: [RedisServer]
    private let busPorts: [Int]

    /// How long a node may be silent, in milliseconds, before the others take it for dead.
    private static let timeout = 2_000
    private static let slots = [0...5_460, 5_461...10_922, 10_923...16_383]

    /// Runs the body while the cluster runs, and ends its servers whatever happens.
    ///
    /// - Parameters:
    ///   - isWhole: whether it serves no slot at all where it cannot serve every one, as Redis does unless told otherwise.
    ///   - certificate: with it the servers speak TLS only with their clients.
    public static func with<Result>(
        isWhole: Bool = false, certificate: TestCertificate? = nil, _ body: (RedisCluster) async throws -> Result
    ) async throws -> Result {
        try await with(servers: [], busPorts: [], certificate) { cluster in
            try await cluster.join()
            // Only a cluster that insists on all slots says when it has them.
            if !isWhole {
                for node in cluster.nodes { try await node.command("CONFIG", "SET", "cluster-require-full-coverage", "no") }
            }
            return try await body(cluster)
        }
    }

    private static func with<Result>(
        servers: [RedisServer], busPorts: [Int], _ certificate: TestCertificate?, _ body: (RedisCluster) async throws -> Result
    ) async throws -> Result {
        guard servers.count < slots.count else { return try await body(RedisCluster(nodes: servers, busPorts: busPorts)) }
        let bus = try RedisServer.freePort()
        return try await RedisServer.with(options: options(busPort: bus), certificate: certificate) { server in
            try await with(servers: servers + [server], busPorts: busPorts + [bus], certificate, body)
        }
    }

    private static func options(busPort: Int) -> [String] {
        ["--cluster-enabled", "yes", "--cluster-port", String(busPort), "--cluster-node-timeout", String(timeout)]
    }

    private func join() async throws {
        for (number, node) in nodes.enumerated() {
            let slots = Self.slots[number]
            // Or else they tell of the port for plain text, which a server that speaks TLS does not have.
            try await node.command("CONFIG", "SET", "cluster-announce-port", String(node.port))
            try await node.command("CLUSTER", "SET-CONFIG-EPOCH", String(number + 1))
            try await node.command("CLUSTER", "ADDSLOTSRANGE", String(slots.lowerBound), String(slots.upperBound))
            for other in nodes.indices where other > number {
                try await node.command("CLUSTER", "MEET", "127.0.0.1", String(nodes[other].port), String(busPorts[other]))
            }
        }
        for node in nodes { try await node.logs("Cluster state changed: ok") }
    }

    /// Runs the body while a node has a replica that has all its data.
    public func withReplica<Result>(of number: Int, _ body: (RedisServer) async throws -> Result) async throws -> Result {
        try await RedisServer.with(options: Self.options(busPort: try RedisServer.freePort())) { replica in
            let primary = try await identifier(of: nodes[number])
            for (node, bus) in zip(nodes, busPorts) {
                try await replica.command("CLUSTER", "MEET", "127.0.0.1", String(node.port), String(bus))
            }
            try await replica.logs("Cluster state changed: ok")
            let reply = try await replica.command("CLUSTER", "REPLICATE", primary)
            guard reply == "OK" else { throw RedisServer.Failure(description: "no replica: \(reply)") }
            try await replica.logs("MASTER <-> REPLICA sync: Finished with success")
            return try await body(replica)
        }
    }

    // MARK: Asking

    /// What `redis-cli` prints for a command, at whichever node has its key.
    @discardableResult
    public func command(_ words: [String]) async throws -> String { try await nodes[0].command(["-c"] + words) }

    /// Returns when at least so much time has passed on the servers' clocks.
    public func elapse(_ duration: Duration) async throws {
        try await command(["BLPOP", "drawbridge-nobody-fills-this", String(duration / .seconds(1))])
    }

    // MARK: Slots

    public func slot(of key: String) async throws -> Int {
        let text = try await nodes[0].command("CLUSTER", "KEYSLOT", key)
        guard let slot = Int(text) else { throw RedisServer.Failure(description: "no slot: \(text)") }
        return slot
    }

    /// The node that was given the slot when the cluster was made.
    public func firstOwner(of slot: Int) -> RedisServer {
        nodes[Self.slots.firstIndex { $0.contains(slot) } ?? 0]
    }

    /// Begins to move a slot: from now on its keys may be at either node.
    public func open(_ slot: Int, from source: RedisServer, to target: RedisServer) async throws {
        let (from, to) = (try await identifier(of: source), try await identifier(of: target))
        try await target.command("CLUSTER", "SETSLOT", String(slot), "IMPORTING", from)
        try await source.command("CLUSTER", "SETSLOT", String(slot), "MIGRATING", to)
    }

    /// Moves at most so many keys of a slot that is open; returns how many there were.
    @discardableResult
    public func move(keys limit: Int, of slot: Int, from source: RedisServer, to target: RedisServer) async throws -> Int {
        let names = try await source.command("CLUSTER", "GETKEYSINSLOT", String(slot), String(limit)).split(separator: "\n")
        guard !names.isEmpty else { return 0 }
        let reply = try await source.command(
            ["MIGRATE", "127.0.0.1", String(target.port), "", "0", "5000", "KEYS"] + names.map(String.init))
        guard reply == "OK" else { throw RedisServer.Failure(description: "keys did not move: \(reply)") }
        return names.count
    }

    /// Ends a slot's move: the target first, so that it is never nobody's.
    public func close(_ slot: Int, from source: RedisServer, to target: RedisServer) async throws {
        let to = try await identifier(of: target)
        for node in [target, source] { try await node.command("CLUSTER", "SETSLOT", String(slot), "NODE", to) }
    }

    private func identifier(of node: RedisServer) async throws -> String { try await node.command("CLUSTER", "MYID") }
}
