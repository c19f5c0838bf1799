import NIOCore

/// One connection that carries many commands at a time.
struct RedisConnection: Sendable {
    private let channel: any Channel
    private let pipeline: NIOLoopBound<RedisPipeline>

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
        do {
            return try await promise.futureResult.get()
        } catch {
            throw error as? RedisInterruption ?? .lost
        }
    }

    func close() { channel.close(promise: nil) }

    /// Returns once the connection has ended, whoever ended it.
    func ended() async {
        await withCheckedContinuation { continuation in
            channel.closeFuture.whenComplete { _ in continuation.resume() }
        }
    }
}
