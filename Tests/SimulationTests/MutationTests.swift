import Testing

/// The simulation sees what it is for: every mistake of the list is caught within so many seeds.
@Suite struct MutationTests {
    /// Worlds within which a mistake must show.
    private static let most: UInt64 = 1_000

    @Test(arguments: SimulatedMutation.allCases)
    func `a mistake is seen, and the same world without it is fine`(mutation: SimulatedMutation) throws {
        let seed = (1...Self.most).first { seed in
            World.run(seed, aim: mutation, isMade: true).breaks(mutation.breaks)
        }
        let caught = try #require(seed, "not seen within \(Self.most) seeds")
        #expect(World.run(caught, aim: mutation).violations == [], "seed \(caught)")
    }
}

extension World.Report {
    fileprivate func breaks(_ promises: Set<String>) -> Bool {
        violations.contains { promises.contains(String($0.prefix { $0 != ":" })) }
    }
}
