import NIOCore

/// What passes in one direction of a connection.
enum Flow: Sendable, Equatable {
    case bytes(ByteBuffer)
    /// Nothing comes after it.
    case end(Ending)

    enum Ending: Sendable, Equatable {
        case close
        /// Without what was not delivered yet.
        case reset
    }

    var byteCount: Int {
        if case .bytes(let buffer) = self { buffer.readableBytes } else { 0 }
    }
}
