import NIOCore

/// One connection that carries many commands at a time.
struct RedisConnection: Sendable {
    private let channel: any Channel
    private let pipeline: NIOLoopBound<RedisPipeline>
    /// As the server gave it when it was greeted: `nil` of one that is not in a cluster.
    var slots: RedisSlotMap?

    /// On the channel's event loop.
    init(channel: any Channel, pipeline: RedisPipeline) {
        self.channel = channel
        self.pipeline = NIOLoopBound(pipeline, eventLoop: channel.eventLoop)
    }

    var isActive: Bool { channel.isActive }

    /// Replies in the commands' order, error replies among them.
    ///
    /// Not ended by the task's cancellation: what was sent is heard out, up to the deadline.
    func send(_ commands: [RedisCommand], deadline: NIODeadline) async throws(RedisInterruption) -> [RedisReply] {
        do {
            return try await submit(commands, deadline: deadline).get()
        } catch {
            throw error as? RedisInterruption ?? .lost
        }
    }

    /// Sends them without waiting for the replies. Fails with a `RedisInterruption`.
    func submit(_ commands: [RedisCommand], deadline: NIODeadline) throws(RedisInterruption) -> EventLoopFuture<[RedisReply]> {
        var bytes = channel.allocator.buffer(capacity: 1_024)
        for command in commands {
            guard bytes.writeRESP(command) else { throw .unformatted }
        }
        let promise = channel.eventLoop.makePromise(of: [RedisReply].self)
        let batch = RedisPipeline.Batch(bytes: bytes, count: commands.count, deadline: deadline, promise: promise)
        if channel.eventLoop.inEventLoop {
            pipeline.value.send(batch)
        } else {
            channel.eventLoop.execute { pipeline.value.send(batch) }
        }
        return promise.futureResult
    }

    func close() { channel.close(promise: nil) }

    /// Returns once the connection has ended, whoever ended it.
    func ended() async {
        await withCheckedContinuation { continuation in
            channel.closeFuture.whenComplete { _ in continuation.resume() }
        }
    }
}
