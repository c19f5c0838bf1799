public import Testing

/// Gives all cases of one test, together, a Redis of their own: `RedisServer.current`.
public struct RedisServerTrait: TestTrait, TestScoping {
    let options: [String]

    public func scopeProvider(for test: Test, testCase: Test.Case?) -> Self? { testCase == nil ? self : nil }

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await RedisServer.with(options: options) { server in
            try await RedisServer.$current.withValue(server) { try await function() }
        }
    }
}

extension Trait where Self == RedisServerTrait {
    public static var redisServer: Self { RedisServerTrait(options: []) }

    public static func redisServer(options: String...) -> Self { RedisServerTrait(options: options) }
}
