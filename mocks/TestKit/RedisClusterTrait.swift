public import Testing

/// Gives all cases of one test, together, a cluster of their own: `RedisCluster.current`.
public struct RedisClusterTrait: TestTrait, TestScoping {
    public func scopeProvider(for test: Test, testCase: Test.Case?) -> Self? { testCase == nil ? self : nil }

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await RedisCluster.with { cluster in
            try await RedisCluster.$current.withValue(cluster) { try await function() }
        }
    }
}

extension Trait where Self == RedisClusterTrait {
    public static var redisCluster: Self { RedisClusterTrait() }
}
