import Payments
import Testing

@Suite("The mask for card numbers")
struct CardNumberMaskTests {
    @Test(
        "blanks what looks like a card number, whatever stands around it",
        arguments: [
            ("4111111111111111", "<masked>"), ("4111 1111 1111 1111", "<masked>"), ("4111-1111-1111-1111", "<masked>"),
            ("card 4111111111111111 refused", "card <masked> refused"), ("a4111111111111111b", "a<masked>b"),
            ("378282246310005", "<masked>"), ("6304000000000000", "<masked>"), ("94111111111111111", "<masked>"),
            ("4111111111111111, 5555555555554444.", "<masked>, <masked>."), ("é 4111111111111111 ü", "é <masked> ü"),
            ("000000000000", "<masked>"), (String(repeating: "1", count: 65), "<masked>"),
        ])
    func masked(text: String, result: String) { #expect(CardNumberMask.mask(text) == result) }

    @Test(
        "leaves everything else",
        arguments: [
            "", "refused", "4111111111110000", "41111111111", "2026-01-02T03:04:05Z", "00", "E-4711", "4111  1111  1111  1111",
            "4111.1111.1111.1111", "tok_4111_1111", "Zahlung abgelehnt – ärgerlich", "12 34 56",
        ])
    func unchanged(text: String) { #expect(CardNumberMask.mask(text) == text) }

    @Test("masking twice changes nothing more")
    func idempotent() {
        let once = CardNumberMask.mask("x 4111111111111111 y")
        #expect(CardNumberMask.mask(once) == once)
    }
}
