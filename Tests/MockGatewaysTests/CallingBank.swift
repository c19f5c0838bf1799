import AdapterKit
import MockGateways
import Synchronization
import Testing

/// A clock that only sleeping moves: what is slept through takes no time and is remembered.
final class SleptTime: Sendable {
    private let slept = Mutex<[Duration]>([])

    var waits: [Duration] { slept.withLock { $0 } }
    var now: Timestamp { slept.withLock { $0.reduce(BankClient.now, +) } }

    func sleep(_ duration: Duration) { slept.withLock { $0.append(duration) } }
}

/// Numbers that do not repeat.
private final class Numbers: Sendable {
    private let last = Atomic<UInt64>(0)
    func next() -> UInt64 { last.add(1, ordering: .relaxed).newValue }
}

/// A bank that calls back a receiver.
struct CallingBank {
    static let key = SigningKey(id: "cb-1", secret: Secret(text: "callback-k3y-for-tests"))
    static let target = "/callbacks/bank-a?from=mock"

    let bank: MockBank
    let client: BankClient
    let receiver: CallbackReceiver
    let time: SleptTime

    /// What came, once so many tries have been made and nothing more is to come.
    func calls(_ count: Int) async -> [CallbackReceiver.Received] {
        await bank.reaches(callbacks: { $0.attempts.count >= count && $0.underway == 0 })
        return receiver.received
    }

    static func destination(_ port: Int, scheme: String = "http") throws -> CallbackDestination {
        let url = try #require(CallbackURL("\(scheme)://127.0.0.1:\(port)\(target)"))
        let numbers = Numbers()
        return CallbackDestination(url: url, key: key) { numbers.next() }
    }

    /// What the receiver answers, and how the bank's destination differs from the usual one.
    struct Situation {
        let steps: [CallbackReceiver.Step]
        let change: (inout CallbackDestination) -> Void

        static func with(
            _ steps: [CallbackReceiver.Step] = [], change: @escaping (inout CallbackDestination) -> Void = { _ in }
        ) -> Situation {
            Situation(steps: steps, change: change)
        }
    }

    /// Runs a bank and its receiver for as long as the body takes.
    static func run(
        _ situation: Situation = .with(), controlled: Bool = false, _ body: (CallingBank) async throws -> Void
    ) async throws {
        let receiver = try await CallbackReceiver.start(situation.steps)
        let time = SleptTime()
        var destination = try destination(receiver.port)
        destination.sleep = { time.sleep($0) }
        situation.change(&destination)
        do {
            let now = { @Sendable in time.now }
            try await withBank(controlled: controlled, callbacks: destination, now: now) { bank, client in
                try await body(CallingBank(bank: bank, client: client, receiver: receiver, time: time))
            }
            await receiver.stop()
        } catch {
            await receiver.stop()
            throw error
        }
    }
}
