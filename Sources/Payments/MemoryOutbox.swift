/// Events of settlements in the order in which they were written, until they are relayed.
struct MemoryOutbox {
    private let maximum: Int
    private var events: [Int: PaymentEvent] = [:]
    private var numbers: [PaymentID: [Int]] = [:]
    /// Also of events that have left since; cleared away when they are the greater part.
    private var order = MemoryLine<Int>()
    private var last = 0

    init(maximum: Int) {
        self.maximum = maximum
    }

    func requireRoom(for count: Int) throws(StoreFailure) {
        guard events.count + count <= maximum else {
            throw StoreFailure(code: .full, detail: "as many events as memory may hold before they are relayed")
        }
    }

    mutating func append(_ event: PaymentEvent) {
        last += 1
        events[last] = event
        numbers[event.payment, default: []].append(last)
        order.append(last)
    }

    /// Oldest first.
    /// - Parameter payments: `nil`: of all.
    func listed(of payments: Set<PaymentID>?, limit: Int) -> [(id: Int, event: PaymentEvent)] {
        let own = payments.map { $0.flatMap { numbers[$0] ?? [] }.sorted()[...] } ?? order.rest
        var found: [(id: Int, event: PaymentEvent)] = []
        for number in own {
            guard found.count < limit else { break }
            if let event = events[number] { found.append((number, event)) }
        }
        return found
    }

    mutating func remove(_ ids: [Int]) {
        for id in ids {
            guard let event = events.removeValue(forKey: id) else { continue }
            let others = numbers[event.payment]?.filter { $0 != id } ?? []
            numbers[event.payment] = others.isEmpty ? nil : others
        }
        while order.popFirst(where: { events[$0] == nil }) != nil {}
        if order.rest.count > 2 * events.count { order.removeAll { events[$0] == nil } }
    }
}
