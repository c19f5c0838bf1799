import AdapterKit
import Signing
import Testing

@Suite struct KeyRingTests {
    private static let start = Timestamp(seconds: 1_767_225_600)
    private static let end = start + .seconds(30 * 86_400)
    private static let day = Duration.seconds(86_400)

    private func key(_ id: String, from start: Timestamp? = nil, until end: Timestamp? = nil) -> SigningKey {
        SigningKey(id: id, secret: Secret(text: id), notBefore: start, notAfter: end)
    }

    @Test(
        "a key signs and verifies from its start until just before its end",
        arguments: [
            (start + .milliseconds(-1), false), (start, true), (end + .milliseconds(-1), true), (end, false),
            (end + .seconds(1), false),
        ])
    func halfOpen(now: Timestamp, isValid: Bool) {
        let ring = KeyRing([key("a", from: Self.start, until: Self.end)])
        #expect((ring.signing(at: now) != nil) == isValid)
        #expect(ring.verifying(id: "a", at: now).isEmpty == !isValid)
    }

    @Test(
        "an answer verifies with a key up to a day outside its validity",
        arguments: [
            (start + .seconds(-86_400) + .milliseconds(-1), false), (start + .seconds(-86_400), true), (start, true), (end, true),
            (end + day + .milliseconds(-1), true), (end + day, false),
        ])
    func grace(now: Timestamp, isValid: Bool) {
        let ring = KeyRing([key("a", from: Self.start, until: Self.end)])
        #expect(ring.verifyingAnswers(at: now).isEmpty == !isValid)
    }

    @Test func `the newest valid key signs, whatever the order of the list`() {
        let old = key("old", until: Self.end)
        let new = key("new", from: Self.start)
        let future = key("future", from: Self.end)
        for keys in [[old, new, future], [future, new, old], [new, future, old]] {
            let ring = KeyRing(keys)
            #expect(ring.signing(at: Self.start + .seconds(-1))?.id == "old")
            #expect(ring.signing(at: Self.start)?.id == "new")
            #expect(ring.signing(at: Self.end)?.id == "future")
        }
    }

    @Test func `of keys that start together the one listed last signs`() {
        #expect(KeyRing([key("a"), key("b")]).signing(at: Self.start)?.id == "b")
        #expect(KeyRing([key("b", from: Self.start), key("a", from: Self.start)]).signing(at: Self.start)?.id == "a")
    }

    @Test func `a ring without a valid key signs nothing and verifies nothing`() {
        #expect(KeyRing([]).signing(at: Self.start) == nil)
        let over = KeyRing([key("a", until: Self.start)])
        #expect(over.signing(at: Self.end) == nil)
        #expect(over.verifying(id: "a", at: Self.end).isEmpty)
    }

    @Test func `a key verifies under its own id alone, and two keys may share one`() {
        let ring = KeyRing([key("a"), key("b"), key("a")])
        #expect(ring.verifying(id: "a", at: Self.start).count == 2)
        #expect(ring.verifying(id: "b", at: Self.start).count == 1)
        #expect(ring.verifying(id: "A", at: Self.start).isEmpty)
        #expect(ring.verifying(id: "", at: Self.start).isEmpty)
    }
}
