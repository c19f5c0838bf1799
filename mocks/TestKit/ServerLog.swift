import Foundation
import Synchronization

/// What a process has printed so far, and a way to wait for a line of it.
final class ServerLog: Sendable {
    private struct Watcher {
        let words: String
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var data = Data()
        var hasEnded = false
        var watchers: [Watcher] = []

        func contains(_ words: String) -> Bool { String(decoding: data, as: UTF8.self).contains(words) }
    }

    private let state = Mutex(State())

    var text: String { state.withLock { String(decoding: $0.data, as: UTF8.self) } }

    func append(_ data: Data) { change { $0.data.append(data) } }

    func end() { change { $0.hasEnded = true } }

    private func change(_ body: (inout sending State) -> Void) {
        let answers = state.withLock { state in
            body(&state)
            let judged = state.watchers.map { (watcher: $0, isFound: state.contains($0.words)) }
            let hasEnded = state.hasEnded
            state.watchers = judged.filter { !$0.isFound && !hasEnded }.map(\.watcher)
            return judged.filter { $0.isFound || hasEnded }
        }
        for (watcher, isFound) in answers { watcher.continuation.resume(returning: isFound) }
    }

    /// Waits for the words; `false` when the process ended without them.
    func contains(_ words: String) async -> Bool {
        await withCheckedContinuation { continuation in
            let answer: Bool? = state.withLock { state in
                if state.contains(words) { return true }
                if state.hasEnded { return false }
                state.watchers.append(Watcher(words: words, continuation: continuation))
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    func ended() async { _ = await contains("\u{0}the end of a log, which no process prints") }
}
