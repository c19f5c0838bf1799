import AdapterKit
import Testing

@Suite struct FormTests {
    @Test(
        "fields are written in their order, percent-encoded, blanks as plus",
        arguments: [
            ([], ""), ([("a", "")], "a="), ([("a", "1"), ("a", "2")], "a=1&a=2"), ([("b", "x y"), ("a", "1")], "b=x+y&a=1"),
            ([("metadata[order]", "A17")], "metadata%5Border%5D=A17"), ([("k", "a=b&c")], "k=a%3Db%26c"),
            ([("k", "+%")], "k=%2B%25"), ([("k", "é₹")], "k=%C3%A9%E2%82%B9"), ([("k", "*-._~")], "k=*-._%7E"),
            ([("k", "\r\n\0")], "k=%0D%0A%00"),
        ] as [([(String, String)], String)])
    func encoded(fields: [(String, String)], text: String) {
        #expect(String(decoding: Form.encoded(fields.map { (name: $0.0, value: $0.1) }), as: UTF8.self) == text)
    }
}
