import NIOCore

/// Everything comes later.
struct Latency: Sendable, Equatable {
    let milliseconds: Int
    /// Milliseconds by which a delay may be longer or shorter.
    let jitter: Int

    func delay(_ dice: inout Dice) -> TimeAmount {
        .milliseconds(Int64(max(0, milliseconds + dice.deviation(jitter))))
    }
}
