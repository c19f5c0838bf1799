import Testing

@testable import Payments

@Suite("A value behind a reference")
struct BoxedTests {
    private struct Holder: Equatable {
        @Boxed var text = "as it was"
    }

    @Test("A copy keeps what it had when the other is changed")
    func copies() {
        var one = Holder()
        let other = one
        one.text += ", and more"
        #expect(other.text == "as it was")
        #expect(one.text == "as it was, and more")
        #expect(one != other)
    }

    @Test("What was handed on without a copy is changed for its new holder alone")
    func handedOn() {
        let one = Holder()
        var other = Holder(text: "another")
        other.$text = one.$text
        #expect(other == one)
        other.text = "changed"
        #expect(one.text == "as it was")
    }

    @Test("Equal values are equal wherever they are kept")
    func equal() {
        #expect(Holder(text: "a") == Holder(text: "a"))
        #expect(Holder(text: "a") != Holder(text: "b"))
    }
}
