import AdapterKit
import Testing

@Suite struct DecimalMoneyTests {
    private func real() throws -> Currency { try #require(Currency("BRL")) }

    @Test(
        "minor units and decimals mean the same",
        arguments: [(1, "0.01"), (10, "0.10"), (99, "0.99"), (100, "1.00"), (3700, "37.00"), (999_999_999_999, "9999999999.99")])
    func both(units: Int64, text: String) throws {
        let money = Money(minorUnits: units, currency: try real())
        #expect(money.decimal == text)
        #expect(Money(decimal: text, try real()) == money)
    }

    @Test(
        "anything but digits, a point and two digits is no amount",
        arguments: [
            "", "1", "37", "37.0", "37.000", ".50", "37,00", "-1.00", "+1.00", " 1.00", "1.00 ", "12345678901.00", "1e2.00",
            "0x1.00",
            "1.0a", "1_0.00", "१.००", "1..00", "NaN",
        ])
    func refused(text: String) throws {
        #expect(Money(decimal: text, try real()) == nil)
    }
}
