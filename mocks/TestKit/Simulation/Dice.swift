/// Chance that is the same on every run of a seed (SplitMix64).
package struct Dice: Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678_9ABC_DEF1 }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Uniform in `0..<bound`; a bound of 0 gives 0.
    package mutating func below(_ bound: Int) -> Int { bound > 1 ? Int(next() % UInt64(bound)) : 0 }

    /// Uniform in the range.
    package mutating func within(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

    package mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    package mutating func chance(_ probability: Double) -> Bool { probability > 0 && unit() < probability }

    /// One of the values, each as often as its weight says; `nil` where there is none.
    package mutating func pick<Value>(_ weighted: [(weight: Int, value: Value)]) -> Value? {
        var left = below(weighted.reduce(0) { $0 + $1.weight })
        for (weight, value) in weighted {
            if left < weight { return value }
            left -= weight
        }
        return weighted.last?.value
    }

    package mutating func pick<Value>(_ values: [Value]) -> Value? { values.isEmpty ? nil : values[below(values.count)] }
}
