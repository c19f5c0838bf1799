import NIOCore
import Testing

@testable import ToxicProxy

/// A link at times that the test names, in milliseconds.
private struct Trial {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private var link: Link
    private var now = Trial.start

    init(_ effects: Toxic.Effect..., toxicity: Double = 1, seed: UInt64 = 1) {
        let toxics = effects.enumerated().map {
            Toxic(name: "t\($0.offset)", direction: .upstream, toxicity: toxicity, effect: $0.element)
        }
        link = Link(toxics, seed: seed, at: now)
    }

    mutating func take(_ text: String, at milliseconds: Int64 = 0) -> [String] {
        change(at: milliseconds) { link, now in link.take(.bytes(ByteBuffer(string: text)), at: now) }
    }

    mutating func end(at milliseconds: Int64 = 0) -> [String] {
        change(at: milliseconds) { link, now in link.take(.end(.close), at: now) }
    }

    mutating func wait(until milliseconds: Int64) -> [String] {
        change(at: milliseconds) { link, now in link.advance(to: now) }
    }

    mutating func change(at milliseconds: Int64, _ change: (inout Link, NIODeadline) -> [Flow]) -> [String] {
        change(&link, Trial.start + .milliseconds(milliseconds)).map(Self.written)
    }

    /// Milliseconds until something goes out by itself.
    var due: Int64? { link.nextDue.map { ($0 - Trial.start).nanoseconds / 1_000_000 } }
    var heldBytes: Int { link.heldBytes }

    private static func written(_ flow: Flow) -> String {
        switch flow {
        case .bytes(let bytes): String(buffer: bytes)
        case .end(.close): "<close>"
        case .end(.reset): "<reset>"
        }
    }
}

@Suite("One direction of a connection")
struct LinkTests {
    @Test func `without toxics everything passes at once, and nothing after the end`() {
        var trial = Trial()
        #expect(trial.take("one") == ["one"])
        #expect(trial.end() == ["<close>"])
        #expect(trial.take("two") == [])
        #expect(trial.due == nil)
    }

    @Test func `latency holds everything for its time, in order, and the end behind the bytes`() {
        var trial = Trial(.latency(Latency(milliseconds: 100, jitter: 0)))
        #expect(trial.take("one", at: 0) == [])
        #expect(trial.take("two", at: 30) == [])
        #expect(trial.end(at: 40) == [])
        #expect(trial.heldBytes == 6)
        #expect(trial.due == 100)
        #expect(trial.wait(until: 99) == [])
        #expect(trial.wait(until: 100) == ["one"])
        #expect(trial.wait(until: 130) == ["two", "<close>"])
        #expect(trial.heldBytes == 0)
    }

    @Test func `jitter never lets bytes overtake others, nor come before they were sent`() {
        var trial = Trial(.latency(Latency(milliseconds: 10, jitter: 50)))
        let sent = (0..<50).map { "\($0)," }
        var received: [String] = []
        for (index, text) in sent.enumerated() { received += trial.take(text, at: Int64(index)) }
        received += trial.wait(until: 1_000)
        #expect(received == sent)
    }

    @Test func `jitter stays within its bounds and uses them`() {
        var dice = Dice(seed: 7)
        let latency = Latency(milliseconds: 20, jitter: 5)
        let delays = Set((0..<500).map { _ in latency.delay(&dice).nanoseconds / 1_000_000 })
        #expect(delays == Set(15...25))
    }

    @Test func `bandwidth lets bytes through no faster than its rate, in pieces of a tenth of a second`() {
        var trial = Trial(.bandwidth(Bandwidth(rate: 1)))
        let text = String(repeating: "x", count: 250)
        #expect(trial.take(text, at: 0) == [])
        #expect(trial.wait(until: 99) == [])
        #expect(trial.wait(until: 100).map(\.count) == [100])
        #expect(trial.wait(until: 200).map(\.count) == [100])
        #expect(trial.wait(until: 249) == [])
        #expect(trial.wait(until: 250).map(\.count) == [50])
    }

    @Test func `bandwidth does not save up what was not used`() {
        var trial = Trial(.bandwidth(Bandwidth(rate: 1)))
        #expect(trial.take("0123456789", at: 5_000) == [])
        #expect(trial.due == 5_010)
    }

    @Test func `a rate of 0 lets nothing through, not even the end, until it is removed`() {
        var trial = Trial(.bandwidth(Bandwidth(rate: 0)))
        #expect(trial.take("one") == [])
        #expect(trial.end(at: 1) == [])
        #expect(trial.due == nil)
        #expect(trial.wait(until: 3_600_000) == [])
        #expect(trial.change(at: 3_600_001) { link, now in link.remove("t0", at: now) } == ["one", "<close>"])
    }

    @Test func `a slicer cuts into pieces and waits after each`() {
        var trial = Trial(.slicer(Slicer(averageSize: 4, sizeVariation: 0, delay: 10_000)))
        #expect(trial.take("abcdefghij", at: 0) == ["abcd"])
        #expect(trial.wait(until: 10) == ["efgh"])
        #expect(trial.wait(until: 20) == ["ij"])
        #expect(trial.take("kl", at: 21) == [])
        #expect(trial.wait(until: 30) == ["kl"])
    }

    @Test func `a slicer's pieces vary within their bounds and make up the whole`() {
        var dice = Dice(seed: 3)
        let pieces = Slicer(averageSize: 10, sizeVariation: 4, delay: 0).pieces(of: 10_000, &dice)
        #expect(pieces.reduce(0, +) == 10_000)
        #expect(Set(pieces.dropLast()) == Set(6...14))
        #expect(Slicer(averageSize: 10, sizeVariation: 4, delay: 0).pieces(of: 0, &dice) == [])
    }

    @Test func `a limit passes exactly so many bytes and then ends`() {
        var trial = Trial(.limitData(bytes: 5))
        #expect(trial.take("abc") == ["abc"])
        #expect(trial.take("defg") == ["de", "<close>"])
        #expect(trial.take("h") == [])
    }

    @Test func `a limit that is reached exactly ends at once`() {
        var trial = Trial(.limitData(bytes: 3))
        #expect(trial.take("abc") == ["abc", "<close>"])
    }

    @Test func `a limit of 0 ends at the first byte and not before`() {
        var trial = Trial(.limitData(bytes: 0))
        #expect(trial.wait(until: 1_000) == [])
        #expect(trial.take("a", at: 1_001) == ["<close>"])
    }

    @Test func `a limit that grows counts what has passed`() {
        var trial = Trial(.limitData(bytes: 3))
        #expect(trial.take("ab") == ["ab"])
        let larger = Toxic(name: "t0", direction: .upstream, toxicity: 1, effect: .limitData(bytes: 4))
        #expect(trial.change(at: 1) { link, now in link.update(larger, at: now) } == [])
        #expect(trial.take("cde", at: 2) == ["cd", "<close>"])
    }

    @Test func `a timeout swallows everything and ends after so much silence`() {
        var trial = Trial(.timeout(milliseconds: 100))
        #expect(trial.due == 100)
        #expect(trial.take("one", at: 60) == [])
        #expect(trial.wait(until: 159) == [])
        #expect(trial.wait(until: 160) == ["<close>"])
    }

    @Test func `a timeout that was looked at late still ends`() {
        var trial = Trial(.latency(Latency(milliseconds: 150, jitter: 0)), .timeout(milliseconds: 100))
        #expect(trial.take("one", at: 0) == [])
        #expect(trial.wait(until: 240) == ["<close>"])
    }

    @Test func `a timeout of 0 never ends by itself, and ends when it is removed`() {
        var trial = Trial(.timeout(milliseconds: 0))
        #expect(trial.take("one") == [])
        #expect(trial.due == nil)
        #expect(trial.heldBytes == 0)
        #expect(trial.change(at: 9) { link, now in link.remove("t0", at: now) } == ["<close>"])
        #expect(trial.take("two", at: 10) == [])
    }

    @Test(arguments: [0, 100]) func `a timeout passes an end on at once`(milliseconds: Int) {
        var trial = Trial(.timeout(milliseconds: milliseconds))
        #expect(trial.end(at: 5) == ["<close>"])
    }

    @Test func `a reset waits for the first bytes, swallows them and resets after its time`() {
        var trial = Trial(.resetPeer(milliseconds: 50))
        #expect(trial.wait(until: 1_000) == [])
        #expect(trial.take("one", at: 1_000) == [])
        #expect(trial.take("two", at: 1_010) == [])
        #expect(trial.wait(until: 1_049) == [])
        #expect(trial.wait(until: 1_050) == ["<reset>"])
    }

    @Test func `a slow close delays the end and nothing else`() {
        var trial = Trial(.slowClose(milliseconds: 70))
        #expect(trial.take("one", at: 0) == ["one"])
        #expect(trial.end(at: 10) == [])
        #expect(trial.wait(until: 79) == [])
        #expect(trial.wait(until: 80) == ["<close>"])
    }

    @Test func `toxics add up in their order`() {
        var trial = Trial(
            .latency(Latency(milliseconds: 100, jitter: 0)), .slicer(Slicer(averageSize: 2, sizeVariation: 0, delay: 10_000)),
            .limitData(bytes: 3))
        #expect(trial.take("abcd") == [])
        #expect(trial.wait(until: 100) == ["ab"])
        #expect(trial.wait(until: 110) == ["c", "<close>"])
    }

    @Test func `what a removed toxic held goes on at once and in order`() {
        var trial = Trial(.latency(Latency(milliseconds: 500, jitter: 0)))
        #expect(trial.take("one", at: 0) == [])
        #expect(trial.take("two", at: 1) == [])
        #expect(trial.change(at: 2) { link, now in link.remove("t0", at: now) } == ["one", "two"])
        #expect(trial.take("three", at: 3) == ["three"])
    }

    @Test func `a toxic that is added concerns what comes from then on`() {
        var trial = Trial(.latency(Latency(milliseconds: 100, jitter: 0)))
        #expect(trial.take("one", at: 0) == [])
        let limit = Toxic(name: "limit", direction: .upstream, toxicity: 1, effect: .limitData(bytes: 2))
        #expect(trial.change(at: 50) { link, now in link.add(limit, at: now) } == [])
        #expect(trial.wait(until: 100) == ["on", "<close>"])
    }

    @Test func `a toxic without toxicity changes nothing`() {
        var trial = Trial(.timeout(milliseconds: 1), .resetPeer(milliseconds: 0), .limitData(bytes: 0), toxicity: 0)
        #expect(trial.take("one") == ["one"])
        #expect(trial.due == nil)
        #expect(trial.end(at: 1) == ["<close>"])
    }

    @Test func `chance affects its share of connections, the same for the same seed`() {
        func affected() -> [Bool] {
            (0..<400).map { seed in
                var trial = Trial(.timeout(milliseconds: 0), toxicity: 0.25, seed: UInt64(seed))
                return trial.take("x").isEmpty
            }
        }
        let share = affected()
        #expect((60...140).contains(share.count { $0 }))
        #expect(share == affected())
    }
}
