/// A bounded number of places, and a bounded line of those who wait for one: first come, first served.
public struct Bulkhead: Sendable {
    public enum Entry: Sendable, Equatable { case entered, waiting, full }

    private let places: Int
    private let maximumWaiting: Int
    public private(set) var taken = 0
    private var line: [UInt64] = []
    /// Those in front of this index have left the line.
    private var head = 0

    /// - Parameters:
    ///   - places: 1 or more.
    ///   - maximumWaiting: 0 or more.
    public init(places: Int, maximumWaiting: Int) {
        self.places = max(1, places)
        self.maximumWaiting = max(0, maximumWaiting)
    }

    public var waiting: Int { line.count - head }

    /// - Parameter visitor: tells those who wait apart; not in the line already.
    public mutating func enter(_ visitor: UInt64) -> Entry {
        // A free place with somebody in line does not happen: `leave` hands it on.
        if taken < places {
            taken += 1
            return .entered
        }
        guard waiting < maximumWaiting else { return .full }
        line.append(visitor)
        return .waiting
    }

    /// Frees a place, or hands it to the first in line.
    ///
    /// - Returns: who has the place now.
    public mutating func leave() -> UInt64? {
        guard waiting > 0 else {
            taken = max(0, taken - 1)
            return nil
        }
        defer { shift() }
        return line[head]
    }

    /// Takes somebody out of the line.
    ///
    /// - Returns: `false` when it was not there: it may have got a place meanwhile.
    public mutating func abandon(_ visitor: UInt64) -> Bool {
        guard let index = line[head...].firstIndex(of: visitor) else { return false }
        line.remove(at: index)
        return true
    }

    /// Moves the rest up only now and then, so that leaving costs the same however long the line is.
    private mutating func shift() {
        head += 1
        guard head * 2 > line.count else { return }
        line.removeFirst(head)
        head = 0
    }
}
