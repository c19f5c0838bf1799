public import AdapterKit

/// Where time comes from. The executable passes the system's; tests pass one that they move by hand.
public protocol TimeSource: Sendable {
    /// The wall clock: for what is stored, signed and shown.
    func now() -> Timestamp
    /// Time since an arbitrary fixed point, never set back: for measuring and for deadlines.
    func monotonic() -> Duration
    /// - Throws: `CancellationError` when the task is cancelled meanwhile.
    func sleep(for duration: Duration) async throws
}

/// Where chance comes from. Ids and tokens need `bytes` to be unpredictable.
public protocol RandomSource: Sendable {
    func bytes(_ count: Int) -> [UInt8]
    /// Uniform in `0..<1`.
    func unit() -> Double
}
