import NIOCore

/// One connection's clock and scales: how long its requests take to arrive, and how many bytes of them are no content. Belongs to
/// the connection's event loop.
final class ConnectionWatch {
    private let channel: any Channel
    private let listener: InboundListener
    private var admitted: CallerAddress?
    private var timer: Scheduled<Void>?
    private var isInBody = false
    /// Of the request whose body is being read.
    private var (raw, content) = (0, 0)

    init(_ channel: any Channel, _ listener: InboundListener) {
        self.channel = channel
        self.listener = listener
    }

    private var limits: InboundLimits { listener.limits }

    func opened(_ address: CallerAddress) {
        guard listener.admit(address) else { return channel.close(promise: nil) }
        admitted = address
        start(limits.head, .slowHead)
    }

    func closed() {
        timer?.cancel()
        if let admitted { listener.left(admitted) }
        admitted = nil
    }

    /// - Returns: whether they are to be read.
    func received(_ bytes: Int) -> Bool {
        guard isInBody else {
            if timer == nil { start(limits.head, .slowHead) }
            return true
        }
        // What came before these bytes has been read: what of it is not content was framing.
        let framing = InboundLimits.framing
        guard raw - content <= framing.fixed + framing.perByte * content else { return false }
        raw += bytes
        return true
    }

    func head() {
        (isInBody, raw, content) = (true, 0, 0)
        start(limits.body, .slowBody)
    }

    func body(_ bytes: Int) { content += bytes }

    func end() {
        isInBody = false
        stop()
    }

    /// Nothing more is read from this connection. It is closed when there was time to read why.
    func refuse() {
        stop()
        timer = channel.eventLoop.scheduleTask(in: limits.linger) { [channel] in channel.close(promise: nil) }
    }

    private func start(_ limit: TimeAmount, _ refusal: InboundListener.Refusal) {
        stop()
        timer = channel.eventLoop.scheduleTask(in: limit) { [channel, listener] in
            listener.count(refusal)
            channel.close(promise: nil)
        }
    }

    private func stop() {
        timer?.cancel()
        timer = nil
    }
}
