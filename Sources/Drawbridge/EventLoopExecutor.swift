import NIOCore
import NIOPosix
import Synchronization

/// Runs tasks on one event loop, beside the connections that they read and write: a payment goes from its caller's connection to
/// Redis and back without a change of thread. Only the egress has a thread of its own.
///
/// What a replica can do is bounded by one core this way, and each payment costs the least (docs/performance.md). Who has more cores
/// runs more replicas.
final class EventLoopExecutor: TaskExecutor {
    private struct State {
        var jobs = CircularBuffer<UnownedJob>()
        var isPlanned = false
    }

    /// Jobs in one turn: the connections are looked after in between.
    private static let turn = 256
    private static let pause = TimeAmount.microseconds(100)

    let group: MultiThreadedEventLoopGroup
    private let loop: any EventLoop
    private let state = Mutex(State())

    init() {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        loop = group.next()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isFirst = state.withLock { state in
            state.jobs.append(job)
            defer { state.isPlanned = true }
            return !state.isPlanned
        }
        // One task of the loop for all jobs that come until it runs.
        if isFirst { loop.execute { self.run() } }
    }

    private func run() {
        let executor = unsafe asUnownedTaskExecutor()
        for _ in 0..<Self.turn {
            guard let job = next() else { return }
            unsafe job.runSynchronously(on: executor)
        }
        // Not at once: the loop reads from no connection before all tasks that are ready have run.
        loop.scheduleTask(in: Self.pause) { self.run() }
    }

    private func next() -> UnownedJob? {
        state.withLock { state in
            let job = state.jobs.popFirst()
            if job == nil { state.isPlanned = false }
            return job
        }
    }
}
