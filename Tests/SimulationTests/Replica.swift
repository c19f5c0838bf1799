import Payments
import TestKit

/// One of several servers of the same payments. It dies and comes again, with nothing but what the store has.
final class Replica: @unchecked Sendable {  // its schedule's thread alone touches it
    let number: Int
    private(set) var lives = 0
    private(set) var process: SimulatedProcess?
    private(set) var service: PaymentService?
    /// Callers whose connection breaks when it dies.
    private var waiting: [Reply] = []

    init(number: Int) { self.number = number }

    var name: String { "replica-\(number).\(lives)" }

    func begin(_ make: (SimulatedProcess) -> PaymentService?, schedule: SimulatedSchedule, seed: UInt64) {
        lives += 1
        let process = SimulatedProcess(name: name, schedule: schedule, seed: seed &+ UInt64(number * 1_000 + lives))
        self.process = process
        service = make(process)
        schedule.note("\(name) begins")
    }

    /// Runs a caller's request here; `nil` where nobody listens or the connection breaks.
    func serve(_ reply: Reply, _ body: @escaping @Sendable (PaymentService, SimulatedProcess) async -> Said) {
        guard let process, let service, process.state != .dead else { return reply.give(nil) }
        waiting.append(reply)
        process.start {
            let said = await body(service, process)
            await process.step("answer")
            self.waiting.removeAll { $0 === reply }
            reply.give(said)
        }
    }

    func die() {
        process?.kill()
        process = nil
        service = nil
        for reply in waiting { reply.give(nil) }
        waiting = []
    }
}

/// What a caller waits for: an answer, or the end of its connection or patience.
@safe final class Reply: @unchecked Sendable {  // its schedule's thread alone touches it
    private var answer: Said??
    private var waiter: UnsafeContinuation<Said?, Never>?

    func give(_ answer: Said?) {
        guard self.answer == nil else { return }
        self.answer = .some(answer)
        unsafe waiter?.resume(returning: answer)
        unsafe waiter = nil
    }

    func value() async -> Said? {
        if let answer { return answer }
        return unsafe await withUnsafeContinuation { unsafe waiter = $0 }
    }
}
