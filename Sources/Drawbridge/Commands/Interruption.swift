import Synchronization
import UnixSignals

/// Notices SIGINT and SIGTERM instead of ending at once, so that a command can say where it stopped.
final class Interruption: Sendable {
    private let flag = Mutex(false)

    var came: Bool { flag.withLock { $0 } }

    /// Returns once signals are noticed. They are until the process ends.
    func listen() async {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        Task { for await _ in signals { self.flag.withLock { $0 = true } } }
    }
}
