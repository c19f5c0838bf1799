import AdapterKit
import Logging
import NIOCore
public import Payments
import Resilience

extension RedisBreakerStore {
    private static let backoff = Backoff(base: .milliseconds(50), ceiling: .seconds(1))
    /// How long Redis keeps who waits for a change: after it all are read again, so that nothing stays missed.
    private static let patience = Duration.seconds(5)

    public func follow(
        _ gateways: @escaping @Sendable () -> [String], _ adopt: @escaping @Sendable ([String: SharedBreaker]) -> Void
    ) async {
        var failures = 0
        while !Task.isCancelled {
            do throws(StoreFailure) {
                let connection = try await client.connect(toServerOf: stream)
                defer { connection.close() }
                try await follow(gateways, over: connection) { breakers in
                    failures = 0
                    adopt(breakers)
                }
            } catch {
                if Task.isCancelled { return }
                // Only the first of a row of failures is news.
                logger.log(level: failures == 0 ? .warning : .debug, "cannot follow the breakers: \(error.detail)")
            }
            failures += 1
            guard (try? await time.sleep(for: Self.backoff.delay(afterAttempt: failures, unit: random.unit()))) != nil else {
                return
            }
        }
    }

    /// Until the connection fails.
    private func follow(
        _ gateways: () -> [String], over connection: RedisConnection, _ adopt: ([String: SharedBreaker]) -> Void
    ) async throws(StoreFailure) {
        // The place in the stream is read before the breakers: what is announced between the two is read twice, never missed.
        var last = try await lastChange(over: connection)
        adopt(try await breakers(of: gateways(), over: connection))
        while true {
            let changed = try await changes(after: &last, over: connection)
            let all = gateways()
            let news = changed.map { changed in all.filter { changed.contains($0) } } ?? all
            adopt(try await breakers(of: news, over: connection))
        }
    }

    /// Waits for changes. The announcement says only whose breaker it is: the breaker itself is read, so it is never an old one.
    ///
    /// - Returns: the gateways, or `nil` when Redis waited in vain.
    private func changes(after last: inout String, over connection: RedisConnection) async throws(StoreFailure) -> Set<String>? {
        let wait = String(Self.patience.wholeMilliseconds)
        let read = RedisCommand("XREAD", "COUNT", "1000", "BLOCK", wait, "STREAMS", stream, last)
        let reply = try await send([read], over: connection, within: Self.patience + timeout).first
        if reply == .null { return nil }
        // One stream: its name and its entries, each an id and its fields.
        guard let entries = reply?.elements?.first?.elements?.last?.elements else { throw Self.unexpected }
        if let id = entries.last?.elements?.first?.text { last = id }
        return Set(entries.compactMap { $0.elements?.last?.elements?.last?.text })
    }

    private func lastChange(over connection: RedisConnection) async throws(StoreFailure) -> String {
        let newest = RedisCommand("XREVRANGE", stream, "+", "-", "COUNT", "1")
        let reply = try await send([newest], over: connection, within: timeout).first
        return reply?.elements?.first?.elements?.first?.text ?? "0-0"
    }

    private func breakers(
        of gateways: [String], over connection: RedisConnection
    ) async throws(StoreFailure) -> [String: SharedBreaker] {
        if gateways.isEmpty { return [:] }
        return try Self.breakers(of: gateways, try await send(reads(gateways), over: connection, within: timeout))
    }

    /// Cancelling the task ends the connection, and so the wait for a change.
    private func send(
        _ commands: [RedisCommand], over connection: RedisConnection, within timeout: Duration
    ) async throws(StoreFailure) -> [RedisReply] {
        let result = await withTaskCancellationHandler {
            do throws(RedisInterruption) {
                let deadline = NIODeadline.now() + .init(timeout)
                return Result<[RedisReply], RedisInterruption>.success(try await connection.send(commands, deadline: deadline))
            } catch {
                return .failure(error)
            }
        } onCancel: {
            connection.close()
        }
        switch result {
        case .success(let replies):
            if let failure = replies.lazy.compactMap({ StoreFailure($0) }).first { throw failure }
            return replies
        case .failure(let interruption): throw interruption.failure
        }
    }
}
