import AdapterKit
import Testing

@Suite struct HeadersTests {
    private let headers = Headers([("X-Timestamp", "a"), ("X-Key-Id", "k"), ("x-timestamp", "b"), ("Empty", "")])

    @Test func `a name is found in any case, its values in order`() {
        #expect(headers.values("X-TIMESTAMP") == ["a", "b"])
        #expect(headers.values("x-key-id") == ["k"])
        #expect(headers.values("X-Other").isEmpty)
    }

    @Test(
        "a single value is one that occurs exactly once",
        arguments: [
            ("x-key-id", "k"), ("X-KEY-ID", "k"), ("empty", ""), ("X-Timestamp", nil), ("X-Other", nil), ("X_Key_Id", nil),
            ("X-Key-I", nil), ("", nil), ("X-Key-Id ", nil), ("X-\u{212A}ey-Id", nil),
        ])
    func single(name: String, value: String?) {
        #expect(headers.single(name) == value)
    }

    @Test func `letters alone have two cases`() {
        // 0x40 and 0x60 differ in the same bit as A and a.
        #expect(Headers([("a@", "v")]).single("a`") == nil)
    }

    @Test(
        "Retry-After counts in whole seconds up to a day",
        arguments: [
            (["0"], .seconds(0)), (["7"], .seconds(7)), (["86400"], .seconds(86_400)), (["86401"], nil), (["-1"], nil),
            (["1.5"], nil),
            ([""], nil), (["Fri, 02 Jan 2026 03:04:05 GMT"], nil), (["7", "8"], nil), ([], nil), (["99999999999999999999"], nil),
            (["7s"], nil), ([" 7"], nil),
        ] as [([String], Duration?)])
    func retryAfter(values: [String], wait: Duration?) {
        #expect(GatewayResponse(status: 429, headers: Headers(values.map { ("retry-after", $0) })).retryAfter == wait)
    }
}
