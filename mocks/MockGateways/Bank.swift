import AdapterKit
import Synchronization

/// The bank behind its listeners: keeps the books, misbehaves as told. Knows no sockets, and no protocol but through its face.
final class Bank: Sendable {
    struct State: Sendable {
        var ledger = Ledger()
        var counters = Counters()
        var scenario = Scenario()
        var callbacks = Callbacks()
        var waiting: [Waiting] = []

        /// Takes out those whose condition has become true.
        mutating func wake() -> [Waiting] {
            let sleepers = waiting
            waiting = []
            var awake: [Waiting] = []
            for sleeper in sleepers {
                if sleeper.condition(self) { awake.append(sleeper) } else { waiting.append(sleeper) }
            }
            return awake
        }
    }

    /// Someone who waits until the bank has come so far.
    struct Waiting: Sendable {
        let condition: @Sendable (State) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }

    /// A request that was let in, with what is to go wrong.
    struct Visit: Sendable {
        let asked: Asked
        let misbehaviour: Misbehaviour?

        /// What decides about a charge or refund, and what is told of it: the misbehaviour, or what is usual.
        var course: Misbehaviour? { misbehaviour?.decision == nil ? asked.usual : misbehaviour }
    }

    enum Admission: Sendable {
        /// Nothing is to be done any more.
        case answered(Reply)
        case admitted(Visit)
    }

    let face: any Face
    /// `nil` where nobody is called back.
    let sender: CallbackSender?
    let now: @Sendable () -> Timestamp
    /// Asked before the face.
    let expectations: Expectations
    /// Whether expectations are all there is.
    let isStatic: Bool
    private let state = Mutex(State())

    init(
        face: any Face, sender: CallbackSender? = nil, isStatic: Bool = false, now: @escaping @Sendable () -> Timestamp
    ) {
        self.face = face
        self.isStatic = isStatic
        expectations = Expectations(now: now)
        self.sender = sender
        self.now = now
    }

    /// The one way to the state: wakes those whose condition has become true.
    func update<Result: Sendable, Failure: Error>(
        _ change: (inout State) throws(Failure) -> sending Result
    ) throws(Failure) -> Result {
        let (result, awake) = try state.withLock { state throws(Failure) in
            (try change(&state), state.wake())
        }
        for waiting in awake { waiting.continuation.resume() }
        return result
    }
}
