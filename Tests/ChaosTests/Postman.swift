import AdapterKit
import MockGateways
import ProcessKit
import Synchronization

/// Posts what a bank has to tell to replicas that share the work, over kept connections, until all of it was answered as it must be.
final class Postman: Sendable {
    enum Manner: Hashable, Sendable {
        case honest
        /// Honest; once it is acknowledged, the same bytes come again.
        case overheard
        case badlySigned, stale, fromFuture
        /// The same bytes as an acknowledged one's.
        case replay
    }

    struct Delivery: Sendable {
        let event: BankTelling.Event
        let manner: Manner
        /// Of a replay.
        var request: CallbackRequest?
    }

    /// What came of it.
    struct Record: Sendable {
        /// Answers by their status; 0 is a connection that was lost.
        var answers: [Manner: [Int: Int]] = [:]
        /// Events.
        var acknowledged: [String: BankTelling.Event] = [:]
    }

    private struct Interruption {
        /// After so many posts.
        let at: Int
        let signal: AsyncStream<Void>.Continuation
    }

    private struct State {
        /// The next one is the last.
        var waiting: [Delivery]
        var posted = 0
        var interruption: Interruption?
        var isInterrupted = false
        var record = Record()
    }

    /// Posts at a time; they share the replicas evenly.
    private static let width = 32
    private static let other = SigningKey(id: Setup.callbackKey.id, secret: Secret(text: "not-the-bank's-secret"))

    private let dice: Dice
    private let state: Mutex<State>

    init(_ deliveries: [Delivery], dice: Dice) {
        self.dice = dice
        state = Mutex(State(waiting: deliveries.reversed()))
    }

    var record: Record { state.withLock(\.record) }

    /// Returns when all is delivered.
    func post(to replicas: [Replica]) async throws {
        state.withLock { $0.isInterrupted = false }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<Self.width {
                group.addTask { [self] in
                    var turn = number
                    while isBusy {
                        await round(to: replicas[turn % replicas.count])
                        turn += 1
                        try await Chaos.pause(.milliseconds(10))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Does something after so many posts, and returns when that is done and the posts under way have ended: the rest is left.
    func post(to replicas: [Replica], until count: Int, interruption: @Sendable () async -> Void) async throws {
        let (reached, signal) = AsyncStream<Void>.makeStream()
        state.withLock { $0.interruption = Interruption(at: count, signal: signal) }
        async let posting: Void = post(to: replicas)
        for await _ in reached {}
        await interruption()
        state.withLock { $0.isInterrupted = true }
        try await posting
    }

    private var isBusy: Bool { state.withLock { !$0.waiting.isEmpty && !$0.isInterrupted } }

    /// As long as the connection lasts.
    private func round(to replica: Replica) async {
        do {
            try await KeptConnection.with(port: try replica.gateway.callbacks) { connection in
                while let (number, delivery) = take() {
                    try await post(delivery, number, over: &connection)
                }
            }
        } catch {
            // Nobody there, or killed under it: what was under way was put back.
        }
    }

    private func take() -> (number: Int, delivery: Delivery)? {
        state.withLock { state in
            guard !state.isInterrupted, let delivery = state.waiting.popLast() else { return nil }
            state.posted += 1
            if state.posted == state.interruption?.at { state.interruption?.signal.finish() }
            return (state.posted, delivery)
        }
    }

    private func post(_ delivery: Delivery, _ number: Int, over connection: inout KeptConnection) async throws {
        let request = delivery.request ?? request(delivery, number)
        do {
            note(try await connection.status(of: try request.bytes), delivery, request)
        } catch {
            note(0, delivery, request)
            throw error
        }
    }

    private func request(_ delivery: Delivery, _ number: Int) -> CallbackRequest {
        let skew: Duration =
            switch delivery.manner {
            case .stale: .seconds(-301)
            case .fromFuture: .seconds(330)
            default: .zero
            }
        return CallbackRequest(
            eventID: delivery.event.id, nonce: "nonce-of-the-post-\(number)", timestamp: Caller.now + skew,
            key: delivery.manner == .badlySigned ? Self.other : Setup.callbackKey, target: "/callbacks/bank-a",
            body: delivery.event.body)
    }

    /// As a bank does: what was not acknowledged comes again, under a new nonce.
    private func note(_ status: Int, _ delivery: Delivery, _ request: CallbackRequest) {
        state.withLock { state in
            state.record.answers[delivery.manner, default: [:]][status, default: 0] += 1
            switch status {
            case 0, 503: state.waiting.insert(delivery, at: 0)
            case 204:
                state.record.acknowledged[delivery.event.id] = delivery.event
                guard delivery.manner == .overheard else { return }
                let place = dice.number(below: state.waiting.count + 1)
                state.waiting.insert(Delivery(event: delivery.event, manner: .replay, request: request), at: place)
            default: break
            }
        }
    }
}

extension Postman.Delivery {
    /// One event in so many is repeated at once, by a bank that does not wait for the answer.
    private static let impatience = 5

    /// Copies of every event, shuffled. At least one of each is honest.
    static func copies(_ count: Int, of events: [BankTelling.Event], _ dice: Dice) -> [Postman.Delivery] {
        var heaps: [[Postman.Delivery]] = []
        for event in events {
            let copies = (0..<count).map { Postman.Delivery(event: event, manner: $0 == 0 ? .honest : manner(dice)) }
            heaps += dice.number(below: impatience) == 0 ? [copies] : copies.map { [$0] }
        }
        for last in stride(from: heaps.count - 1, to: 0, by: -1) { heaps.swapAt(last, dice.number(below: last + 1)) }
        return Array(heaps.joined())
    }

    /// Of four copies in five, so that a tenth of all is badly signed.
    private static func manner(_ dice: Dice) -> Postman.Manner {
        switch dice.number(below: 40) {
        case 0..<5: .badlySigned
        case 5..<7: .stale
        case 7..<9: .fromFuture
        case 9..<13: .overheard
        default: .honest
        }
    }
}

extension CallbackRequest {
    /// For a connection that is kept.
    fileprivate var bytes: [UInt8] {
        get throws {
            var head = "POST \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: \(body.count)\r\n"
            for header in try headers() { head += "\(header.name): \(header.value)\r\n" }
            return Array("\(head)\r\n".utf8) + body
        }
    }
}
