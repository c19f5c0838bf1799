import AdapterKit
import Foundation
import Payments

/// The machine's clocks.
struct SystemTime: TimeSource {
    private static let origin = ContinuousClock.now

    func now() -> Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
    func monotonic() -> Duration { Self.origin.duration(to: .now) }
    func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration, clock: .continuous) }
}

/// The machine's cryptographic random generator.
struct SystemRandom: RandomSource {
    func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    func unit() -> Double { Double.random(in: 0..<1) }
}
