import AdapterKit
import Signing
import Testing

@Suite struct TimestampWindowTests {
    private static let now = Timestamp(seconds: 1_767_323_045)

    @Test(
        "both ends of five minutes belong to the window",
        arguments: [
            (-301, false), (-300, true), (-299, true), (0, true), (299, true), (300, true), (301, false), (86_400, false),
        ])
    func ends(offset: Int, isInside: Bool) {
        #expect(TimestampWindow().contains(Self.now + .seconds(offset), at: Self.now) == isInside)
    }

    @Test func `milliseconds of our own clock do not narrow the window`() {
        let now = Self.now + .milliseconds(999)
        #expect(TimestampWindow().contains(Self.now + .seconds(-300), at: now))
        #expect(TimestampWindow().contains(Self.now + .seconds(300), at: now))
        #expect(!TimestampWindow().contains(Self.now + .seconds(-301), at: now))
        #expect(!TimestampWindow().contains(Self.now + .seconds(301), at: now))
    }

    @Test func `a tolerance of nothing takes the same second alone`() {
        let window = TimestampWindow(tolerance: .zero)
        #expect(window.contains(Self.now, at: Self.now + .milliseconds(500)))
        #expect(!window.contains(Self.now + .seconds(1), at: Self.now))
        #expect(!window.contains(Self.now + .seconds(-1), at: Self.now))
    }

    @Test("times from the far ends do not overflow", arguments: [Int64.min / 2, -1, Int64.max / 2])
    func extremes(milliseconds: Int64) {
        #expect(!TimestampWindow().contains(Timestamp(milliseconds: milliseconds), at: Self.now))
    }
}
