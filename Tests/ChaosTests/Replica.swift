import Glibc
import ProcessKit
import Synchronization
import TestKit

/// One of several processes of the built program that share a Redis, each behind a proxy of its own.
final class Replica: Sendable {
    struct IsDown: Error {}

    let number: Int
    /// Between it and Redis.
    let redis: TCPProxy
    private let configuration: String
    private let running = Mutex<RunningGateway?>(nil)

    init(number: Int, configuration: String, redis: TCPProxy) {
        self.number = number
        self.configuration = configuration
        self.redis = redis
    }

    /// Returns when it takes requests. Its ports are new ones every time.
    func start() async throws {
        let gateway = try await RunningGateway.start(configuration)
        running.withLock { $0 = gateway }
    }

    /// As `kill -9` does. Returns when it is gone.
    func kill() async {
        let ending = running.withLock { running in
            defer { running = nil }
            return running
        }
        await ending?.kill()
    }

    /// It does nothing any more, and notices nothing of that, until `resume`. Returns when its last thread has stopped: what is
    /// sent before may still be read by one that has not.
    func pause() async {
        guard let program = running.withLock({ $0?.program }) else { return }
        program.signal(SIGSTOP)
        while !program.isStopped { await Task.yield() }
    }

    func resume() { running.withLock { $0?.program.signal(SIGCONT) } }

    /// - Throws: `IsDown` between `kill` and `start`.
    var gateway: RunningGateway {
        get throws {
            guard let gateway = running.withLock({ $0 }) else { throw IsDown() }
            return gateway
        }
    }

    var caller: Caller { get throws { try gateway.acme } }
}
