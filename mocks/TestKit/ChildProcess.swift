import Foundation
import Glibc
import Synchronization

/// A process of a test's own, and what it prints.
///
/// Foundation's `Process` loses endings when many are started at once, and its children inherit the blocked signals of the
/// thread that started them.
final class ChildProcess: Sendable {
    struct NotStarted: Error {
        let program: String
    }

    let identifier: pid_t
    let log = ServerLog()

    /// Held while a process is started: one started at the same moment would inherit the pipe, and keep it open.
    private static let starting = Mutex(())

    init(_ program: String, _ arguments: [String]) throws {
        let started: (process: pid_t, output: Int32)? = Self.starting.withLock { _ in
            var ends: [Int32] = [-1, -1]
            guard unsafe pipe(&ends) == 0 else { return nil }
            defer { close(ends[1]) }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            guard let process = Self.spawn([program] + arguments, output: ends[1]) else {
                close(ends[0])
                return nil
            }
            return (process, ends[0])
        }
        guard let started else { throw NotStarted(program: program) }
        identifier = started.process
        follow(started.output)
    }

    func signal(_ number: Int32) { _ = kill(identifier, number) }

    /// Returns when the process is gone.
    func ended() async { await log.ended() }

    private static func spawn(_ words: [String], output: Int32) -> pid_t? {
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
        unsafe posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
        unsafe sigemptyset(&noSignals)
        unsafe posix_spawnattr_setsigmask(&attributes, &noSignals)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let pointers = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { for index in unsafe pointers.indices { unsafe free(pointers[index]) } }
        var identifier: pid_t = 0
        let code = unsafe posix_spawn(&identifier, words[0], &actions, &attributes, pointers, environ)
        return code == 0 ? identifier : nil
    }

    /// On a thread of its own, because it blocks: reads until the end, then clears the process away.
    private func follow(_ input: Int32) {
        Thread {
            var buffer = [UInt8](repeating: 0, count: 4_096)
            while true {
                let count = unsafe read(input, &buffer, buffer.count)
                guard count > 0 else { break }
                self.log.append(Data(buffer[..<count]))
            }
            close(input)
            waitpid(self.identifier, nil, 0)
            self.log.end()
        }.start()
    }
}
