import Testing

/// Gives all tests of a suite one world together: `World.current`.
struct WorldTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await World.with { world in
            try await World.$current.withValue(world) { try await function() }
        }
    }
}

extension Trait where Self == WorldTrait {
    static var world: Self { WorldTrait() }
}
