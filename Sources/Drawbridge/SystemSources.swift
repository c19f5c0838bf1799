import AdapterKit
import Foundation
import Glibc
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
    /// As many at a time as the kernel gives in one call without ever being interrupted.
    private static let draw = 256

    func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let part = min(Self.draw, count - filled)
                // Refuses only what no caller of ours does: a bad address, or more than a draw.
                guard let base = unsafe buffer.baseAddress, unsafe getentropy(base + filled, part) == 0 else {
                    preconditionFailure("the kernel gives no random bytes")
                }
                filled += part
            }
        }
    }

    func unit() -> Double { Double.random(in: 0..<1) }
}
