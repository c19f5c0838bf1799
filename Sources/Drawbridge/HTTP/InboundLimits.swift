import HummingbirdCore
import NIOCore

/// What every listener holds those who connect to it to.
struct InboundLimits: Sendable {
    /// Until a request's head is whole: from the connection, its TLS handshake included, or from the first byte of a later request.
    var head = TimeAmount.seconds(10)
    /// From a request's head until its body is whole.
    var body = TimeAmount.seconds(30)
    /// Between two requests.
    var idle = TimeAmount.seconds(75)
    /// In which who was refused can read why.
    var linger = TimeAmount.seconds(2)
    /// A quarter of them all, so that it takes more than one to lock everybody out. A load balancer may be one caller.
    var connectionsPerAddress = 4_096
    /// Of a listener.
    var connections = 16_384
    /// Proxies beside this process come from loopback, all of them from one address.
    var countsLoopback = false

    /// Bytes of a chunked body that are not body: some, and some for each byte of it.
    static let framing = (fixed: 16 * 1024, perByte: 8)

    static let headers = HTTP1Channel.Configuration.DecoderConfiguration(
        maxHeaderFieldSize: 16 * 1024, maxHeaderListSize: 64 * 1024, maxHeaderFieldCount: 100)
}
