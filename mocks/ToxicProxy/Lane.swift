import NIOCore
import NIOPosix

/// One direction of one connection over its two sockets. Lives on their event loop.
final class Lane {
    /// Bytes that a direction holds before it stops reading.
    private static let maximumHeldBytes = 262_144

    private var link: Link
    private let source: any Channel
    private let destination: any Channel
    private var timer: Scheduled<Void>?
    /// A read that waits until there is room.
    private var isReadWaiting = false

    init(_ link: Link, from source: any Channel, to destination: any Channel) {
        (self.link, self.source, self.destination) = (link, source, destination)
    }

    func take(_ flow: Flow) { apply(link.take(flow, at: .now())) }

    func change(_ change: (inout Link, NIODeadline) -> [Flow]) { apply(change(&link, .now())) }

    private func apply(_ flows: [Flow]) {
        for flow in flows {
            switch flow {
            case .bytes(let bytes): destination.writeAndFlush(bytes, promise: nil)
            case .end(.close): closeAfterWriting()
            case .end(.reset): reset()
            }
        }
        schedule()
        resume()
    }

    /// Asks the link again when something is due.
    func schedule() {
        timer?.cancel()
        timer = nil
        guard let due = link.nextDue, source.isActive || destination.isActive else { return }
        let lane = NIOLoopBound(self, eventLoop: source.eventLoop)
        timer = source.eventLoop.scheduleTask(deadline: due) { lane.value.change { link, now in link.advance(to: now) } }
    }

    // MARK: Ending

    private func closeAfterWriting() {
        let destination = destination
        destination.writeAndFlush(ByteBuffer()).whenComplete { _ in destination.close(promise: nil) }
    }

    /// RST to both sides: closing without lingering.
    private func reset() {
        for channel in [source, destination] {
            let unlingering = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            (unlingering ?? channel.eventLoop.makeSucceededVoidFuture()).whenComplete { _ in channel.close(promise: nil) }
        }
    }

    // MARK: Reading no more than can be passed on

    /// - Returns: whether to read now; otherwise it is done when there is room.
    func mayRead() -> Bool {
        isReadWaiting = link.heldBytes >= Self.maximumHeldBytes || !destination.isWritable && destination.isActive
        return !isReadWaiting
    }

    func resume() {
        guard isReadWaiting, mayRead() else { return }
        source.read()
    }
}
