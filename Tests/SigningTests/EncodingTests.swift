import Signing
import Testing

@Suite struct EncodingTests {
    @Test(
        "hexadecimal is lower case and two digits a byte",
        arguments: [([], ""), ([0x00, 0x0A, 0xFF], "000aff")] as [([UInt8], String)])
    func hex(bytes: [UInt8], text: String) {
        #expect(Hex.encode(bytes) == text)
    }

    @Test(
        "base64 goes there and back",
        arguments: [
            ([], ""), ([0x66], "Zg=="), ([0x66, 0x6F], "Zm8="), ([0x66, 0x6F, 0x6F], "Zm9v"), ([0xFB, 0xFF], "+/8="),
        ] as [([UInt8], String)])
    func base64(bytes: [UInt8], text: String) {
        #expect(Base64.encode(bytes) == text)
        #expect(Base64.decode(text) == bytes)
    }

    @Test(
        "base64 that is written in another way is refused",
        arguments: [
            "Zg", "Zg=", "Zg===", "Zh==", "Z g==", "Zg==\n", " Zg==", "-_8=", "Zg==Zg==", "Zm9v=", "é", "=", "====", "Zm8",
        ])
    func refused(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}
