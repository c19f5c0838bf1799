/// Bugs that a test switches on one at a time, to show that the simulation finds each. Only these need to be inside; the others are
/// made by wrapping a port. Never set outside tests.
package enum Mutation: String, CaseIterable, Sendable {
    /// A later "not processed" at the same gateway clears an earlier `unknown` (O1).
    case forgetEarlierUnknown
    /// What a gateway holds although it should not is not given back (R6).
    case ignoreSuccessAfterFailed
    /// A redriven payment goes to the next gateway before the unresolved one was asked (R7).
    case redriveElsewhere
}
