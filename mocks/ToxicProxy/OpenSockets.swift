import NIOCore
import Synchronization

/// The connections of the API, so that stopping ends them too.
final class OpenSockets: Sendable {
    /// Connections at a time; a further one is closed at once.
    private static let maximum = 100

    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    /// `false` when there are too many.
    func add(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let isKept = channels.withLock { channels in
            guard channels.count < Self.maximum else { return false }
            channels[id] = channel
            return true
        }
        channel.closeFuture.whenComplete { _ in self.channels.withLock { $0[id] = nil } }
        return isKept
    }

    func closeAll() {
        for channel in channels.withLock({ Array($0.values) }) { channel.close(promise: nil) }
    }
}
