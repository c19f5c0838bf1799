/// Misbehaviours that were programmed for requests to come: for each operation the oldest rule first, each a number of times.
struct Scenario: Sendable {
    static let maximumRules = 10_000
    static let times = 1...1_000_000

    private var rules: [Rule] = []

    private struct Rule: Sendable {
        let operation: BankOperation
        let misbehaviour: Misbehaviour
        var remaining: Int
    }

    mutating func add(_ misbehaviour: Misbehaviour, to operation: BankOperation, times: Int) throws(ScriptFailure) {
        guard Self.times.contains(times) else { throw .timesOutOfRange }
        guard rules.count < Self.maximumRules else { throw .tooManyRules }
        rules.append(Rule(operation: operation, misbehaviour: misbehaviour, remaining: times))
    }

    /// Uses up one time of the rule that applies, if one does.
    mutating func next(for operation: BankOperation) -> Misbehaviour? {
        guard let index = rules.firstIndex(where: { $0.operation == operation }) else { return nil }
        let misbehaviour = rules[index].misbehaviour
        rules[index].remaining -= 1
        if rules[index].remaining == 0 { rules.remove(at: index) }
        return misbehaviour
    }
}

/// Why a rule is refused.
public enum ScriptFailure: String, Error, Sendable {
    case timesOutOfRange = "times_out_of_range"
    case tooManyRules = "too_many_rules"
}
