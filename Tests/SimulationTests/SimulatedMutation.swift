/// A mistake that the simulation must see.
enum SimulatedMutation: String, Sendable, CaseIterable {
    case failoverWithoutAsking
}
