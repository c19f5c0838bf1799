/// Chance that is the same for the same seed (SplitMix64).
struct Dice: Sendable, Equatable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// From 0 up to and without 1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// From `-spread` to `spread`, both possible.
    /// - Parameter spread: not negative and below 2^62.
    mutating func deviation(_ spread: Int) -> Int {
        Int(next() % UInt64(2 * spread + 1)) - spread
    }
}
