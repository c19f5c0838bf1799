import Hummingbird
import Synchronization

/// The generation that counts, and whoever waits for the next one.
final class Generations: Sendable {
    private struct State {
        var current: Generation
        var number = 1
        var lastWaiter: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let state: Mutex<State>

    init(_ first: Generation) { state = Mutex(State(current: first)) }

    var current: Generation { state.withLock(\.current) }

    /// From now on requests are taken by this one.
    /// - Returns: how many there were with it.
    @discardableResult
    func replace(by next: Generation) -> Int {
        let (waiters, number) = state.withLock { state in
            state.current = next
            state.number += 1
            defer { state.waiters = [:] }
            return (state.waiters, state.number)
        }
        for waiter in waiters.values { waiter.resume() }
        return number
    }

    /// Runs the body of each generation for as long as it counts. The next one begins at once, whatever the old one still ends.
    func following(_ body: @escaping @Sendable (Generation) async -> Void) async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let (generation, number) = state.withLock { ($0.current, $0.number) }
                group.addTask { [self] in
                    await withTaskGroup { group in
                        group.addTask { await body(generation) }
                        await replaced(number)
                        group.cancelAll()
                    }
                }
                await replaced(number)
            }
        }
    }

    /// Until another generation counts than the one of this number, or the task is cancelled.
    private func replaced(_ number: Int) async {
        let waiter = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.number != number || Task.isCancelled { return true }
                    state.waiters[waiter] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume()
        }
    }
}

/// Answers each request with the responder of the generation that counts when it comes.
struct CurrentResponder<Responder: HTTPResponder>: HTTPResponder {
    let generations: Generations
    let responder: any KeyPath<Generation, Responder> & Sendable

    func respond(to request: Request, context: Responder.Context) async throws -> Response {
        try await generations.current[keyPath: responder].respond(to: request, context: context)
    }
}
