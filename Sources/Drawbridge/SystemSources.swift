import AdapterKit
import Foundation
import Glibc
import Payments
import Synchronization

/// The machine's clocks.
struct SystemTime: TimeSource {
    private static let origin = ContinuousClock.now

    func now() -> Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
    func monotonic() -> Duration { Self.origin.duration(to: .now) }
    func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration, clock: .continuous) }
}

/// The machine's cryptographic random generator, drawn from in blocks: a payment needs random bytes six times, and each draw is a
/// call to the kernel.
final class SystemRandom: RandomSource {
    /// As many as the kernel gives in one call without ever being interrupted.
    private static let block = 256

    private let drawn = Mutex<[UInt8]>([])

    func bytes(_ count: Int) -> [UInt8] {
        drawn.withLock { drawn in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(count)
            while bytes.count < count {
                if drawn.isEmpty { drawn = Self.draw() }
                let part = min(drawn.count, count - bytes.count)
                bytes.append(contentsOf: drawn[(drawn.count - part)...])
                drawn.removeLast(part)
            }
            return bytes
        }
    }

    func unit() -> Double { Double.random(in: 0..<1) }

    private static func draw() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: block) { buffer, filled in
            // Refuses only what is not asked here: a bad address, or more than a block.
            guard let base = unsafe buffer.baseAddress, getentropy(base, block) == 0 else {
                preconditionFailure("the kernel gives no random bytes")
            }
            filled = block
        }
    }
}
