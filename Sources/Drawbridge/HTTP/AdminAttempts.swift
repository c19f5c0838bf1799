import AdapterKit
import Payments
import Synchronization

/// Counts wrong admin tokens, so that nobody can try one after the other. Each address may fail so often in a minute; when many
/// addresses fail, each of them once. Who has not failed is always let in.
final class AdminAttempts: Sendable {
    enum Verdict: Equatable {
        case passed
        case failed
        /// Not even the right token passes until then.
        case locked(Duration)
    }

    static let window = Duration.seconds(60)
    static let failuresPerAddress = 10
    static let failuresInAll = 100
    private static let maximumAddresses = 1_024

    private struct Record {
        var failures = 0
        /// On the monotonic clock.
        let end: Duration
    }

    private struct State {
        var byAddress: [CallerAddress: Record] = [:]
        var all = Record(end: .zero)
    }

    private let time: any TimeSource
    private let state = Mutex(State())

    init(time: any TimeSource) { self.time = time }

    func judge(_ address: CallerAddress, isRight: Bool) -> Verdict {
        let now = time.monotonic()
        return state.withLock { state in
            let failures = state.all.end > now ? state.all.failures : 0
            let allowed = failures < Self.failuresInAll ? Self.failuresPerAddress : 1
            if let record = state.byAddress[address], record.end > now, record.failures >= allowed {
                return .locked(record.end - now)
            }
            if isRight { return .passed }
            Self.fail(address, &state, at: now)
            return .failed
        }
    }

    private static func fail(_ address: CallerAddress, _ state: inout State, at now: Duration) {
        state.byAddress = state.byAddress.filter { $0.value.end > now }
        if state.all.end <= now { state.all = Record(end: now + window) }
        state.all.failures += 1
        if state.byAddress[address] == nil, state.byAddress.count >= maximumAddresses,
            let first = state.byAddress.min(by: { $0.value.end < $1.value.end })
        {
            state.byAddress[first.key] = nil
        }
        state.byAddress[address, default: Record(end: now + window)].failures += 1
    }
}
