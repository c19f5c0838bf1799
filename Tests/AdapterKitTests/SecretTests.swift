import AdapterKit
import Testing

@Suite struct SecretTests {
    @Test func `a secret shows in no text made of it`() {
        let secret = Secret(text: "hush-hush")
        let key = SigningKey(id: "k1", secret: secret)
        var dumped = ""
        dump(key, to: &dumped)
        for text in [
            "\(secret)", String(reflecting: secret), "\(key)", String(reflecting: key), dumped, "\([secret])",
            "\(Optional(secret) as Any)",
        ] {
            #expect(!text.contains("hush"))
            // The bytes as numbers: h, u, s, h.
            #expect(!text.contains("104, 117"))
        }
        #expect("\(secret)" == "<secret>")
    }

    @Test(
        "two secrets are equal when every byte is",
        arguments: [
            ([], [], true), ([1, 2, 3], [1, 2, 3], true), ([1, 2, 3], [1, 2, 4], false), ([0, 2, 3], [1, 2, 3], false),
            ([1, 2], [1, 2, 3], false), ([1, 2, 3], [], false), ([0], [], false), ([0x80], [0x00], false),
            ([1, 2], [2, 1], false),
            ([1, 1], [2, 2], false), ([0xFF, 0x00], [0x00, 0xFF], false),
        ] as [([UInt8], [UInt8], Bool)])
    func equality(left: [UInt8], right: [UInt8], areEqual: Bool) {
        #expect((Secret(left) == Secret(right)) == areEqual)
        #expect(Secret.constantTimeEqual(right, left) == areEqual)
    }
}
