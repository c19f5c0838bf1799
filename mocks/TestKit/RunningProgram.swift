import Foundation
package import Glibc
import Synchronization

/// A process of a test's own, and what it prints.
///
/// Started without Foundation's `Process`, which loses endings when many are started at once, and whose children inherit the
/// blocked signals of the thread that starts them, so that SIGTERM would not reach them.
package final class RunningProgram: Sendable {
    package struct NotStarted: Error {
        package let path: String
    }

    package let identifier: pid_t
    package let output = PrintedLines()
    package let errors = PrintedLines()
    private let code = Mutex<Int32?>(nil)

    /// - Parameter environment: variables besides those of this process.
    package init(_ path: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        let output = try Channel(for: path)
        let errors = try Channel(for: path)
        defer {
            close(output.writing)
            close(errors.writing)
        }
        let variables = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }.map { "\($0)=\($1)" }
        identifier = try Self.spawn([path] + arguments, variables, output: output.writing, errors: errors.writing)
        follow(errors.reading, into: self.errors) {}
        follow(output.reading, into: self.output) { self.reap() }
    }

    package func signal(_ number: Int32) { _ = kill(identifier, number) }

    /// Whether all its threads have stopped (SIGSTOP), or it is gone.
    package var isStopped: Bool {
        let tasks = "/proc/\(identifier)/task"
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
        return threads.allSatisfy { thread in
            guard let stat = try? String(contentsOfFile: "\(tasks)/\(thread)/stat", encoding: .utf8),
                let state = stat.split(separator: ")").last?.split(separator: " ").first
            else { return true }
            return ["T", "t", "Z", "X"].contains(state)
        }
    }

    /// Waits until the program is gone.
    /// - Returns: its exit code, or the number of the signal that ended it, negative; `nil` when the task was cancelled.
    package func ended() async -> Int32? {
        await errors.ended()
        await output.ended()
        return code.withLock { $0 }
    }

    /// The most memory that was resident since the start, in bytes.
    package func peakMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line.flatMap { Int($0.filter(\.isNumber)) } ?? 0) * 1024
    }

    // MARK: Starting and following

    /// Two ends that no other child inherits, which pipes cannot promise here.
    private struct Channel {
        let reading: Int32
        let writing: Int32

        init(for path: String) throws {
            var ends: [Int32] = [-1, -1]
            let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
            guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw NotStarted(path: path) }
            reading = ends[0]
            writing = ends[1]
        }
    }

    /// What a child could inherit besides its standard streams.
    private static let inherited = (STDERR_FILENO + 1)..<1_024

    private static func spawn(_ words: [String], _ variables: [String], output: Int32, errors: Int32) throws -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        var noSignals = sigset_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
        // Or else a socket that is closed here would live on there: its port taken, its other side waiting. One that is not open
        // is no failure.
        for descriptor in inherited { unsafe posix_spawn_file_actions_addclose(&actions, descriptor) }
        unsafe sigemptyset(&noSignals)
        unsafe posix_spawnattr_setsigmask(&attributes, &noSignals)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
        var environment = unsafe variables.map { unsafe strdup($0) } + [nil]
        defer {
            while let word = unsafe arguments.popLast() { unsafe free(word) }
            while let word = unsafe environment.popLast() { unsafe free(word) }
        }
        var identifier: pid_t = 0
        guard unsafe posix_spawn(&identifier, words[0], &actions, &attributes, &arguments, &environment) == 0 else {
            throw NotStarted(path: words[0])
        }
        return identifier
    }

    /// On a thread of its own, because reading blocks.
    private func follow(_ input: Int32, into lines: PrintedLines, then: @escaping @Sendable () -> Void) {
        Thread {
            var buffer = [UInt8](repeating: 0, count: 16_384)
            while true {
                let count = unsafe read(input, &buffer, buffer.count)
                guard count > 0 else { break }
                lines.append(buffer[..<count])
            }
            close(input)
            then()
            lines.end()
        }.start()
    }

    private func reap() {
        var status: Int32 = 0
        _ = unsafe waitpid(identifier, &status, 0)
        let signal = status & 0x7F
        code.withLock { $0 = signal == 0 ? (status >> 8) & 0xFF : -signal }
    }
}
