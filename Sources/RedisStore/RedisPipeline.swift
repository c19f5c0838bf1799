import NIOCore
import Payments

/// The commands on their way over one connection, and their replies: first in, first out. Lives on its event loop.
///
/// A reply that does not come in time closes the connection: a later one could otherwise be taken for the answer to something
/// else. While replies come, those behind them have only to wait their turn: a burst of payments is no reason to break the connection
/// that serves it, and to do all of it again.
final class RedisPipeline: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    struct Batch {
        let bytes: ByteBuffer
        let count: Int
        let deadline: NIODeadline
        let promise: EventLoopPromise<[RedisReply]>
    }

    private struct Pending {
        let count: Int
        let sent: NIODeadline
        let deadline: NIODeadline
        let promise: EventLoopPromise<[RedisReply]>
        var replies: [RedisReply] = []

        /// The whole time-out from when it was sent, also for what is repeated late, and again after each sign of life, at most
        /// `turns` times.
        func deadline(afterReplyAt latest: NIODeadline, _ patience: TimeAmount) -> NIODeadline {
            max(deadline, sent + patience, min(latest + patience, sent + patience * RedisPipeline.turns))
        }
    }

    /// Of its time-out, what a command waits at most behind others: at the default less than a lease's margin.
    private static let turns = 4
    private static let holdUp = TimeAmount.milliseconds(20)

    private let maximumPending: Int
    private let patience: TimeAmount
    private var reader: RESPReader
    private var context: ChannelHandlerContext?
    private var pending = CircularBuffer<Pending>()
    private var timer: Scheduled<Void>?
    private var isFlushPlanned = false
    /// When the last reply came.
    private var latest = NIODeadline.distantPast

    /// - Returns: `nil` when there is no memory for the reader.
    init?(maximumPending: Int, maximumReply: Int, patience: TimeAmount) {
        guard let reader = RESPReader(maximumReply: maximumReply) else { return nil }
        self.reader = reader
        self.maximumPending = maximumPending
        self.patience = patience
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        fail(with: .lost)
    }

    // MARK: Sending

    func send(_ batch: Batch) {
        guard let context, context.channel.isActive else { return batch.promise.fail(RedisInterruption.lost) }
        guard pending.count < maximumPending else { return batch.promise.fail(RedisInterruption.crowded) }
        pending.append(Pending(count: batch.count, sent: .now(), deadline: batch.deadline, promise: batch.promise))
        context.write(wrapOutboundOut(batch.bytes), promise: nil)
        planFlush(context)
        planTimeout(context)
    }

    /// Everything that comes in one turn of the event loop leaves in one write.
    private func planFlush(_ context: ChannelHandlerContext) {
        guard !isFlushPlanned else { return }
        isFlushPlanned = true
        context.eventLoop.assumeIsolated().execute {
            self.isFlushPlanned = false
            self.context?.flush()
        }
    }

    /// One timer, for the command that has waited longest.
    private func planTimeout(_ context: ChannelHandlerContext) {
        guard timer == nil, let first = pending.first else { return }
        let deadline = first.deadline(afterReplyAt: latest, patience)
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.timer = nil
            self.closeIfOverdue(since: deadline)
        }
    }

    private func closeIfOverdue(since deadline: NIODeadline) {
        guard let context else { return }
        let now = NIODeadline.now()
        // The loop itself was held up: what it has not read yet may have come in time.
        if now - deadline > Self.holdUp { latest = now }
        guard let first = pending.first, first.deadline(afterReplyAt: latest, patience) <= now else {
            return planTimeout(context)
        }
        while let overdue = pending.first, overdue.deadline(afterReplyAt: latest, patience) <= now {
            pending.removeFirst()
            overdue.promise.fail(RedisInterruption.timeout)
        }
        context.close(promise: nil)
        fail(with: .lost)
    }

    // MARK: Receiving

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        latest = .now()
        do throws(RESPReader.Failure) {
            try feed(unwrapInboundIn(data))
            while let reply = try reader.next() { take(reply, context) }
        } catch {
            interrupt(context, error == .oversized ? .oversized : .lost)
        }
    }

    private func feed(_ buffer: ByteBuffer) throws(RESPReader.Failure) {
        let result = unsafe buffer.withUnsafeReadableBytes { bytes -> Result<Void, RESPReader.Failure> in
            do throws(RESPReader.Failure) { return .success(try unsafe reader.feed(bytes)) } catch { return .failure(error) }
        }
        try result.get()
    }

    private func take(_ reply: RedisReply, _ context: ChannelHandlerContext) {
        // A reply to nothing: the two sides no longer agree on what is being said.
        guard !pending.isEmpty else { return context.close(promise: nil) }
        pending[pending.startIndex].replies.append(reply)
        if pending[pending.startIndex].replies.count == pending[pending.startIndex].count {
            let done = pending.removeFirst()
            done.promise.succeed(done.replies)
        }
        // A primary that became a replica: connecting again finds the new one.
        if reply.errorCode == "READONLY" { context.close(promise: nil) }
    }

    /// The command that is being answered gets the cause; those behind it were only on the same connection.
    private func interrupt(_ context: ChannelHandlerContext, _ cause: RedisInterruption) {
        pending.popFirst()?.promise.fail(cause)
        context.close(promise: nil)
        fail(with: .lost)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(with: .lost)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
        fail(with: .lost)
    }

    private func fail(with interruption: RedisInterruption) {
        timer?.cancel()
        timer = nil
        while let next = pending.popFirst() { next.promise.fail(interruption) }
    }
}
