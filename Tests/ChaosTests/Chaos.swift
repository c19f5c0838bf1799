import Foundation

/// How long and with which numbers chaos reigns: `make test` takes what stands here, `make chaos` says more.
struct Chaos: Sendable, CustomStringConvertible {
    let seconds: Int
    let seed: UInt64

    /// `CHAOS_SECONDS` and `CHAOS_SEED`, where they are set.
    static let wanted = Chaos(
        seconds: variable("CHAOS_SECONDS").flatMap { Int($0) } ?? 15,
        seed: variable("CHAOS_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999))

    private static func variable(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

    /// The numbers decide what is done and when; how the processes are scheduled is not theirs to decide.
    var description: String { "CHAOS_SECONDS=\(seconds) CHAOS_SEED=\(seed)" }

    /// Keeps to a rhythm that is part of what is tested: the test judges what came of it, whenever that was.
    static func pause(_ duration: Duration) async throws {
        try await Task.sleep(for: duration)  // waits: the rhythm of faults and callers, on whose length no check depends
    }
}
