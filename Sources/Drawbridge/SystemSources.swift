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
    /// Eight at a time: each draw is a call to the kernel.
    func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count {
            let word: UInt64 = generator.next()
            for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift))) }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    func unit() -> Double { Double.random(in: 0..<1) }
}
