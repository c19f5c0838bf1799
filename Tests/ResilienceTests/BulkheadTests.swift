import Resilience
import Testing

/// A class, so that moving it may stand in an expectation.
private final class Line {
    private(set) var bulkhead: Bulkhead

    init(places: Int, maximumWaiting: Int) { bulkhead = Bulkhead(places: places, maximumWaiting: maximumWaiting) }

    @discardableResult
    func enter(_ visitors: ClosedRange<UInt64>) -> [Bulkhead.Entry] { visitors.map { bulkhead.enter($0) } }
    func enter(_ visitor: UInt64) -> Bulkhead.Entry { bulkhead.enter(visitor) }
    @discardableResult
    func leave() -> UInt64? { bulkhead.leave() }
    func leave(times: Int) -> [UInt64?] { (0..<times).map { _ in bulkhead.leave() } }
    @discardableResult
    func abandon(_ visitor: UInt64) -> Bool { bulkhead.abandon(visitor) }
}

@Suite("The bulkhead")
struct BulkheadTests {
    @Test func `lets in as many as there are places, then lines up, then turns away`() {
        let line = Line(places: 2, maximumWaiting: 1)
        #expect(line.enter(1...5) == [.entered, .entered, .waiting, .full, .full])
        #expect(line.bulkhead.taken == 2)
        #expect(line.bulkhead.waiting == 1)
    }

    @Test func `hands the place to who has waited longest`() {
        let line = Line(places: 1, maximumWaiting: 10)
        line.enter(1...5)
        #expect(line.leave(times: 5) == [2, 3, 4, 5, nil])
        #expect(line.bulkhead.taken == 0)
    }

    @Test func `lets nobody overtake the line`() {
        let line = Line(places: 1, maximumWaiting: 10)
        line.enter(1...1)
        line.enter(2...2)
        #expect(line.leave() == 2)
        #expect(line.enter(3) == .waiting)
        #expect(line.leave() == 3)
    }

    @Test func `passes over those who gave up`() {
        let line = Line(places: 1, maximumWaiting: 10)
        line.enter(1...4)
        #expect(line.abandon(2))
        #expect(line.abandon(4))
        #expect(line.leave() == 3)
        #expect(line.leave() == nil)
    }

    @Test("does not take out of the line who is not in it", arguments: [1, 2, 9])
    func notWaiting(visitor: UInt64) {
        let line = Line(places: 1, maximumWaiting: 10)
        line.enter(1...3)
        line.leave()
        #expect(!line.abandon(visitor))
        #expect(line.bulkhead.waiting == 1)
    }

    @Test func `has room again for those who wait after some gave up`() {
        let line = Line(places: 1, maximumWaiting: 1)
        line.enter(1...1)
        line.enter(2...2)
        #expect(line.enter(3) == .full)
        line.abandon(2)
        #expect(line.enter(4) == .waiting)
    }

    @Test func `leaving an empty bulkhead makes no places`() {
        let line = Line(places: 1, maximumWaiting: 0)
        #expect(line.leave() == nil)
        #expect(line.enter(1...2) == [.entered, .full])
    }

    @Test func `keeps the order through thousands of comings and goings`() {
        let line = Line(places: 1, maximumWaiting: 5_000)
        var next: UInt64 = 2
        line.enter(1...1)
        for visitor in 2...2_000 as ClosedRange<UInt64> {
            line.enter(visitor...visitor)
            if visitor.isMultiple(of: 3) {
                #expect(line.leave() == next)
                next += 1
            }
        }
        while next <= 2_000 {
            #expect(line.leave() == next)
            next += 1
        }
        #expect(line.leave() == nil)
    }

    @Test("has one place at least", arguments: [0, -3])
    func onePlace(places: Int) {
        let line = Line(places: places, maximumWaiting: -1)
        #expect(line.enter(1...2) == [.entered, .full])
    }
}
