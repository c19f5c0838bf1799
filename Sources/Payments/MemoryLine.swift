/// First in, first out, both in amortised constant time.
struct MemoryLine<Element> {
    private var elements: [Element] = []
    private var head = 0

    /// In their order.
    var rest: ArraySlice<Element> { elements[head...] }

    mutating func append(_ element: Element) { elements.append(element) }

    /// The first element, taken out, if it is such a one.
    mutating func popFirst(where condition: (Element) -> Bool) -> Element? {
        guard head < elements.count, condition(elements[head]) else { return nil }
        defer { advance() }
        return elements[head]
    }

    mutating func removeAll(where condition: (Element) -> Bool) {
        elements = rest.filter { !condition($0) }
        head = 0
    }

    private mutating func advance() {
        head += 1
        guard head * 2 >= elements.count else { return }
        elements.removeFirst(head)
        head = 0
    }
}
