/// The callbacks that wait for each payment, in the order in which they came.
struct MemoryWaiting {
    private struct Queue {
        var callbacks: [CallbackID] = []
        var until: Duration
    }

    private struct Deadline {
        let payment: PaymentID
        let at: Duration
    }

    /// Payments that may be waited for.
    private let maximum: Int
    private var queues: [PaymentID: Queue] = [:]
    /// Every queue stands in it once.
    private var expiring = MemoryLine<Deadline>()

    init(maximum: Int) {
        self.maximum = maximum
    }

    func callbacks(for payment: PaymentID, now: Duration) -> [CallbackID] {
        guard let queue = queues[payment], now < queue.until else { return [] }
        return queue.callbacks
    }

    /// All that wait for the payment do so anew from now.
    mutating func add(
        _ callback: CallbackID, for payment: PaymentID, _ duration: Duration, now: Duration
    ) throws(StoreFailure) {
        var callbacks = callbacks(for: payment, now: now)
        if !callbacks.contains(callback) {
            guard callbacks.count < StoreLimits.waitingCallbacks, queues.count < maximum || queues[payment] != nil else {
                throw StoreFailure(code: .full, detail: "as many callbacks as may wait")
            }
            callbacks.append(callback)
        }
        if queues[payment] == nil { expiring.append(Deadline(payment: payment, at: now + duration)) }
        queues[payment] = Queue(callbacks: callbacks, until: now + duration)
    }

    /// Clears away what expired, at most so many; one that was put off goes back to the end.
    mutating func sweep(_ count: Int, now: Duration) {
        for _ in 0..<count {
            guard let due = expiring.popFirst(where: { $0.at <= now }), let queue = queues[due.payment] else { break }
            if now < queue.until {
                expiring.append(Deadline(payment: due.payment, at: queue.until))
            } else {
                queues[due.payment] = nil
            }
        }
    }
}
