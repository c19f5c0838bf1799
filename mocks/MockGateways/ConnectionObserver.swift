import NIOCore
import NIOTLS

/// Counts a connection and its handshake, and ends it when it fails.
final class ConnectionObserver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let bank: Bank

    init(bank: Bank) { self.bank = bank }

    func channelActive(context: ChannelHandlerContext) {
        bank.update { $0.counters.connections += 1 }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        bank.update { $0.counters.closedConnections += 1 }
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSUserEvent, case .handshakeCompleted = event {
            bank.update { $0.counters.handshakes += 1 }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
