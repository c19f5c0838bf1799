import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Drawbridge

@Suite("Tasks on an event loop")
struct EventLoopExecutorTests {
    private let executor = EventLoopExecutor()

    @Test("What prefers it runs on its loop, also after it has waited")
    func onLoop() async {
        let loop = executor.group.next()
        let places = await withTaskExecutorPreference(executor) {
            var places = [loop.inEventLoop]
            await Task.yield()
            places.append(loop.inEventLoop)
            await withTaskGroup { group in
                group.addTask { loop.inEventLoop }
                for await place in group { places.append(place) }
            }
            return places
        }
        #expect(places == [true, true, true])
    }

    private final class Tally: Sendable {
        let run = Mutex(0)
        let seen = Mutex<Int?>(nil)

        /// - Returns: how many have run, this one included.
        func count() -> Int {
            run.withLock { run in
                run += 1
                return run
            }
        }
    }

    @Test("Far more tasks than it runs in one turn are all run, and the loop's own work comes between")
    func many() async throws {
        let loop = executor.group.next()
        let tally = Tally()
        await withTaskExecutorPreference(executor) {
            await withTaskGroup { group in
                for _ in 0..<5_000 {
                    group.addTask {
                        // Due at once: it must not wait for all the others.
                        guard tally.count() == 1 else { return }
                        loop.scheduleTask(in: .microseconds(1)) { tally.seen.withLock { $0 = tally.run.withLock { $0 } } }
                    }
                }
            }
        }
        #expect(tally.run.withLock { $0 } == 5_000)
        try await loop.scheduleTask(in: .zero) {}.futureResult.get()
        #expect(try #require(tally.seen.withLock { $0 }) < 5_000)
    }
}
