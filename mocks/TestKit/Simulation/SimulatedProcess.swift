package import AdapterKit
import Payments

/// One life of one replica: its executor, its clocks and its chance. It can be stopped, continued and killed between any two steps.
///
/// What is dead never runs again: its jobs are dropped and its continuations are forgotten, as a killed process forgets them.
@safe
package final class SimulatedProcess: TaskExecutor, TimeSource, RandomSource, @unchecked Sendable {  // one thread only
    package enum State: Sendable { case running, paused, dead }

    package let name: String
    package let schedule: SimulatedSchedule
    package private(set) var state = State.running
    /// Called at every point at which a process may be stopped: before and after everything that it asks of others.
    package var disturbance: (@Sendable (SimulatedProcess, String) -> Void)?
    /// A mutation: the monotonic clock stands still while the process is stopped.
    package var clockStopsWhilePaused = false

    private var services: [Task<Void, Never>] = []
    private var dice: Dice
    private var parked: [UnownedJob] = []
    private var sleepers: [UInt64: UnsafeContinuation<Void, any Error>] = unsafe [:]
    private var sleepNumbers: UInt64 = 0
    private var pausedAt: Int64 = 0
    private var lost: Int64 = 0

    package init(name: String, schedule: SimulatedSchedule, seed: UInt64) {
        self.name = name
        self.schedule = schedule
        self.dice = Dice(seed: seed)
    }

    // MARK: Executor

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        switch state {
        case .running: schedule.enqueue(job, of: self)
        case .paused: parked.append(job)
        case .dead: break
        }
    }

    /// Begins a task of this process.
    package func start(_ body: @escaping @Sendable () async -> Void) {
        guard state != .dead else { return }
        Task(executorPreference: self) { await body() }
    }

    /// Begins a task that goes on until the process ends.
    package func serve(_ body: @escaping @Sendable () async -> Void) {
        guard state != .dead else { return }
        services.append(Task(executorPreference: self) { await body() })
    }

    /// Cancels what goes on until then.
    package func end() {
        for service in services { service.cancel() }
        services = []
    }

    // MARK: Life

    package func kill() {
        guard state != .dead else { return }
        schedule.note("\(name) dies")
        schedule.count("death")
        _ = schedule.withdraw(self)
        state = .dead
        services = []
        parked = []
        unsafe sleepers = [:]
    }

    package func pause() {
        guard state == .running else { return }
        schedule.note("\(name) stops")
        schedule.count("pause")
        state = .paused
        pausedAt = schedule.elapsed
        parked = schedule.withdraw(self)
    }

    package func resume() {
        guard state == .paused else { return }
        schedule.note("\(name) continues")
        state = .running
        if clockStopsWhilePaused { lost += schedule.elapsed - pausedAt }
        for job in parked { schedule.enqueue(job, of: self) }
        parked = []
    }

    /// A point at which the process may be stopped or killed. A dead one never comes back from here.
    package func step(_ point: String) async {
        disturbance?(self, point)
        switch state {
        case .running: break
        case .paused: await Task.yield()
        case .dead: unsafe await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
        }
    }

    // MARK: Time

    package static let start = Timestamp(seconds: 1_767_225_600)

    package func now() -> Timestamp { Self.start + .microseconds(schedule.elapsed) }

    package func monotonic() -> Duration { .microseconds(schedule.elapsed - lost) }

    package func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        guard duration > .zero else { return }
        sleepNumbers += 1
        let number = sleepNumbers
        try await withTaskCancellationHandler {
            try unsafe await withUnsafeThrowingContinuation { continuation in
                unsafe sleepers[number] = continuation
                schedule.after(duration.wholeMicroseconds) { self.wake(number, nil) }
                if Task.isCancelled { wake(number, CancellationError()) }
            }
        } onCancel: {
            wake(number, CancellationError())
        }
    }

    private func wake(_ number: UInt64, _ failure: CancellationError?) {
        guard let sleeper = unsafe sleepers.removeValue(forKey: number) else { return }
        if let failure { unsafe sleeper.resume(throwing: failure) } else { unsafe sleeper.resume() }
    }

    /// Waits for something that happens outside of the process, and cannot be called off.
    package func wait<Value: Sendable>(_ begin: (@escaping @Sendable (sending Value) -> Void) -> Void) async -> Value {
        unsafe await withUnsafeContinuation { continuation in
            begin { value in
                guard self.state != .dead else { return }
                unsafe continuation.resume(returning: value)
            }
        }
    }

    /// Lets so many microseconds pass.
    package func rest(_ delay: Int64) async {
        guard delay > 0 else { return }
        await wait { (give: @escaping @Sendable (sending Void) -> Void) in schedule.after(delay) { give(()) } }
    }

    // MARK: Chance

    package func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: dice.next() >> 56) } }

    package func unit() -> Double { dice.unit() }
}

extension Duration {
    /// Whole microseconds, rounded towards zero; what does not fit is cut off.
    package var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        guard seconds < 1_000_000_000 else { return 1_000_000_000_000_000 }
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
