import TestKit

/// A Redis that the stores' contracts are checked against: one server, or a cluster.
protocol RedisUnderTest: Sendable {
    var url: String { get }
    @discardableResult func command(_ words: [String]) async throws -> String
    func elapse(_ duration: Duration) async throws
}

extension RedisServer: RedisUnderTest {
    var url: String { "redis://127.0.0.1:\(port)" }
}

extension RedisCluster: RedisUnderTest {
    var url: String { nodes[0].url }
}
