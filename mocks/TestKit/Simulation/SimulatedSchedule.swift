import Foundation

/// Runs all jobs of a simulation one at a time, the next one chosen by the seed; where none is ready the clock jumps to the next timer.
///
/// The whole simulation happens on the thread that calls `run`.
package final class SimulatedSchedule: @unchecked Sendable {  // only the one thread that is inside run() touches it
    private struct Alarm {
        let at: Int64
        let number: UInt64

        static func < (left: Alarm, right: Alarm) -> Bool { (left.at, left.number) < (right.at, right.number) }
    }

    private struct Ready {
        let process: SimulatedProcess
        let job: UnownedJob
    }

    /// Microseconds since the simulation began.
    package private(set) var elapsed: Int64 = 0
    /// Jobs and timers that have run.
    package private(set) var steps = 0
    package var dice: Dice
    /// What happened, in order; written only while `isTracing`.
    package private(set) var trace: [String] = []
    package var isTracing = false
    /// A number that two runs share only if they went the same way.
    package private(set) var fingerprint: UInt64 = 0xcbf2_9ce4_8422_2325

    /// How often what happened.
    package private(set) var events: [String: Int] = [:]
    private var isRunning = false
    private var thread: Thread?
    private var ready: [Ready] = []
    private var alarms: [Alarm] = []
    private var actions: [UInt64: @Sendable () -> Void] = [:]
    private var numbers: UInt64 = 0

    package init(seed: UInt64) { dice = Dice(seed: seed) }

    // MARK: Time

    /// Runs an action after so many microseconds.
    /// - Returns: its number, for `cancel`.
    @discardableResult
    package func after(_ delay: Int64, _ action: @escaping @Sendable () -> Void) -> UInt64 {
        refuseStrangers()
        numbers += 1
        actions[numbers] = action
        push(Alarm(at: elapsed + max(0, delay), number: numbers))
        return numbers
    }

    package func cancel(_ number: UInt64) { actions[number] = nil }

    // MARK: Running

    func enqueue(_ job: UnownedJob, of process: SimulatedProcess) {
        refuseStrangers()
        ready.append(Ready(process: process, job: job))
    }

    /// A task that was begun without its process's executor runs elsewhere, at any time: then no seed would go the same way twice.
    private func refuseStrangers() {
        guard isRunning else { return }
        precondition(Thread.current === thread, "a task of a simulated process runs outside of the simulation")
    }

    /// Takes away the jobs of a process that must not run now.
    func withdraw(_ process: SimulatedProcess) -> [UnownedJob] {
        let jobs = ready.filter { $0.process === process }.map(\.job)
        if !jobs.isEmpty { ready.removeAll { $0.process === process } }
        return jobs
    }

    /// Runs until nothing is left to do, the time is over, or nobody needs more.
    /// - Parameters:
    ///   - end: microseconds since the simulation began.
    ///   - limit: steps; a simulation that needs more is broken.
    /// - Returns: whether it ended within the limit.
    package func run(until end: Int64, limit: Int, while isNeeded: () -> Bool = { true }) -> Bool {
        thread = Thread.current
        isRunning = true
        defer { isRunning = false }
        while steps < limit {
            if !ready.isEmpty {
                runOneJob()
            } else {
                guard isNeeded(), let alarm = alarms.first, alarm.at <= end else { return true }
                pop()
                guard let action = actions.removeValue(forKey: alarm.number) else { continue }
                elapsed = alarm.at
                steps += 1
                action()
            }
        }
        return false
    }

    private func runOneJob() {
        let index = dice.below(ready.count)
        let next = ready[index]
        ready.swapAt(index, ready.count - 1)
        ready.removeLast()
        steps += 1
        unsafe next.job.runSynchronously(on: next.process.asUnownedTaskExecutor())
    }

    /// Lets go of everything that still waits, so that what is left of a simulation holds nothing.
    package func end() {
        ready = []
        alarms = []
        actions = [:]
    }

    package func count(_ event: String) { events[event, default: 0] += 1 }

    // MARK: Trace

    package func note(_ line: @autoclosure () -> String) {
        fingerprint = (fingerprint ^ UInt64(bitPattern: elapsed) ^ UInt64(steps) << 32) &* 0x100_0000_01b3
        guard isTracing else { return }
        let text = line()
        for byte in text.utf8 { fingerprint = (fingerprint ^ UInt64(byte)) &* 0x100_0000_01b3 }
        trace.append("\(Double(elapsed / 1000) / 1000)s \(text)")
    }

    // MARK: The heap of alarms

    private func push(_ alarm: Alarm) {
        alarms.append(alarm)
        var child = alarms.count - 1
        while child > 0, alarms[child] < alarms[(child - 1) / 2] {
            alarms.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private func pop() {
        alarms.swapAt(0, alarms.count - 1)
        alarms.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < alarms.count && alarms[child] < alarms[least] {
                least = child
            }
            guard least != parent else { return }
            alarms.swapAt(parent, least)
            parent = least
        }
    }
}
