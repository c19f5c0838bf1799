import AdapterKit
import Testing

@Suite struct MoneyTests {
    @Test("three upper-case letters are a currency", arguments: ["BRL", "EUR", "XXX", "AAA", "ZZZ"])
    func currency(code: String) throws {
        #expect(try #require(Currency(code)).code == code)
    }

    @Test(
        "anything else is none",
        arguments: ["", "B", "BR", "BRLL", "brl", "Brl", "BR1", "BR ", " BRL", "B-L", "ÉUR", "É", "ＢＲＬ", "BR\n", "BR\0", "986"])
    func refused(code: String) {
        #expect(Currency(code) == nil)
    }

    @Test func `money is the same only in the same currency`() throws {
        let (real, euro) = (try #require(Currency("BRL")), try #require(Currency("EUR")))
        #expect(Money(minorUnits: 1, currency: real) != Money(minorUnits: 1, currency: euro))
        #expect(Money(minorUnits: 1, currency: real) != Money(minorUnits: 2, currency: real))
        #expect(Money(minorUnits: 1_000, currency: real).description == "1000 BRL")
    }
}
