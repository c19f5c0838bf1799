import NIOCore
import Payments

/// Sends batches of commands: each is one flush on one connection, answered in order.
struct RedisClient: Sendable {
    let connections: RedisConnections
    let timeout: Duration

    /// The replies to all commands; the first error reply is thrown.
    func send(_ commands: [RedisCommand]) async throws(StoreFailure) -> [RedisReply] {
        let replies = try await replies(to: commands)
        if let failure = replies.lazy.compactMap({ StoreFailure($0) }).first { throw failure }
        return replies
    }

    /// The replies to all commands, error replies among them.
    ///
    /// Every batch of this store may be repeated: claims are known by their token, settlements by what they wrote. So one whose
    /// connection broke is sent once more within the time-out, and so is one whose scripts Redis has forgotten.
    func replies(to commands: [RedisCommand]) async throws(StoreFailure) -> [RedisReply] {
        let deadline = NIODeadline.now() + .init(timeout)
        var replies = try await attempt(commands, before: deadline)
        if replies.contains(where: { $0.errorCode == "NOSCRIPT" }) {
            let loads = RedisScript.all.map(\.load)
            replies = Array(try await attempt(loads + commands, before: deadline).dropFirst(loads.count))
        }
        return replies
    }

    private func attempt(_ commands: [RedisCommand], before deadline: NIODeadline) async throws(StoreFailure) -> [RedisReply] {
        let first = try await connections.connection(before: deadline)
        do throws(RedisInterruption) {
            return try await first.send(commands, deadline: deadline)
        } catch {
            guard error == .lost, NIODeadline.now() < deadline else { throw error.failure }
        }
        let second = try await connections.connection(before: deadline)
        do throws(RedisInterruption) {
            return try await second.send(commands, deadline: deadline)
        } catch {
            throw error.failure
        }
    }
}
