import Testing

/// The simulation sees what it is for: every mistake of the list is caught within so many seeds.
@Suite struct MutationTests {
    /// Worlds in which a mistake must show.
    private static let most: UInt64 = 3_000

    @Test(arguments: SimulatedMutation.allCases)
    func `each mistake is caught`(mutation: SimulatedMutation) {
        let caught = (1...Self.most).lazy.map { World.run($0, mutation: mutation) }.first {
            $0.violations.contains { !$0.hasPrefix("K3") }
        }
        print("caught", mutation, caught?.seed as Any, caught?.violations.first { !$0.hasPrefix("K3") } as Any)
        #expect(caught != nil)
    }
}
