/// Payments in the order in which they came, so that all can be walked page by page while others come and go.
struct MemoryArrivals {
    private struct Arrival {
        let number: Int
        let payment: PaymentID
    }

    private var arrivals: [Arrival] = []
    private var last = 0

    /// - Parameter isKept: of those that came before; asked now and then, so that what is gone leaves no trace.
    mutating func add(_ payment: PaymentID, kept count: Int, isKept: (PaymentID) -> Bool) {
        last += 1
        arrivals.append(Arrival(number: last, payment: payment))
        if arrivals.count > 2 * count + 1_024 { arrivals.removeAll { !isKept($0.payment) } }
    }

    /// - Parameter number: of the last one seen, 0 for the first page.
    func page(after number: Int, limit: Int) -> (ids: [PaymentID], last: Int?) {
        var (low, high) = (0, arrivals.count)
        while low < high {
            let middle = (low + high) / 2
            if arrivals[middle].number > number { high = middle } else { low = middle + 1 }
        }
        let page = arrivals[low...].prefix(max(1, limit))
        return (page.map(\.payment), page.endIndex < arrivals.endIndex ? page.last?.number : nil)
    }
}
