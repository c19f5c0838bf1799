import Foundation
import Synchronization

/// The lines that a program has printed so far, and a way to wait for one.
package final class PrintedLines: Sendable {
    private struct Watcher {
        let number: Int
        let matches: @Sendable (String) -> Bool
        let continuation: CheckedContinuation<String?, Never>
    }

    private struct State {
        var rest: [UInt8] = []
        var lines: [String] = []
        var hasEnded = false
        var watchers: [Watcher] = []
        var watched = 0
    }

    private let state = Mutex(State())

    package var all: [String] { state.withLock { $0.lines } }
    package var text: String { all.joined(separator: "\n") }

    func append(_ bytes: ArraySlice<UInt8>) {
        let found = state.withLock { state in
            state.rest += bytes
            var pieces = state.rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            state.rest = pieces.popLast().map(Array.init) ?? []
            return pieces.flatMap { Self.add(String(decoding: $0, as: UTF8.self), to: &state) }
        }
        for (watcher, line) in found { watcher.continuation.resume(returning: line) }
    }

    private static func add(_ line: String, to state: inout State) -> [(Watcher, String)] {
        state.lines.append(line)
        let found = state.watchers.filter { $0.matches(line) }
        state.watchers.removeAll { watcher in found.contains { $0.number == watcher.number } }
        return found.map { ($0, line) }
    }

    func end() {
        let watchers = state.withLock { state in
            if !state.rest.isEmpty { state.lines.append(String(decoding: state.rest, as: UTF8.self)) }
            state.hasEnded = true
            defer { state.watchers = [] }
            return state.watchers
        }
        for watcher in watchers { watcher.continuation.resume(returning: nil) }
    }

    /// Waits for such a line, printed before or after; `nil` when the output ended without one, or the task was cancelled.
    package func first(where matches: @escaping @Sendable (String) -> Bool) async -> String? {
        let number = state.withLock { state in
            state.watched += 1
            return state.watched
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { watch(Watcher(number: number, matches: matches, continuation: $0)) }
        } onCancel: {
            forget(number)
        }
    }

    /// Waits for words on one line.
    /// - Returns: `false` when the output ended without them.
    package func contains(_ words: String) async -> Bool { await first { $0.contains(words) } != nil }

    /// Waits until nothing more is printed.
    package func ended() async { _ = await first { _ in false } }

    private func watch(_ watcher: Watcher) {
        let known: String?? = state.withLock { state in
            if let line = state.lines.first(where: watcher.matches) { return .some(line) }
            if state.hasEnded || Task.isCancelled { return .some(nil) }
            state.watchers.append(watcher)
            return nil
        }
        if let known { watcher.continuation.resume(returning: known) }
    }

    private func forget(_ number: Int) {
        let watcher = state.withLock { state in
            state.watchers.firstIndex { $0.number == number }.map { state.watchers.remove(at: $0) }
        }
        watcher?.continuation.resume(returning: nil)
    }
}
