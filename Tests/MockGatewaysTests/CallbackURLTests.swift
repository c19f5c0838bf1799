import MockGateways
import Testing

@Suite("Where callbacks go")
struct CallbackURLTests {
    @Test(
        "the target is what stands on the wire",
        arguments: [
            ("http://127.0.0.1:8080/callbacks/bank-a", "/callbacks/bank-a"), ("https://gateway.example", "/"),
            ("https://gateway.example?x=%2F", "/?x=%2F"), ("http://[::1]:1/a?b=c&d", "/a?b=c&d"),
            ("http://[::1]/S%C3%A3o", "/S%C3%A3o"),
        ])
    func read(text: String, target: String) throws {
        let url = try #require(CallbackURL(text))
        #expect(url.target == target)
        #expect(url.description == text)
    }

    @Test(
        "what nobody can post to is refused",
        arguments: [
            "", "gateway.example/callbacks", "ftp://gateway.example/", "HTTP://gateway.example/", "http://", "http:///callbacks",
            "http://:80/", "http://a:0/", "http://a:65536/", "http://a:b/", "http://a:/", "http://me@a/", "http://a/#part",
            "http://a/b c", "http://a/é", "http://[::1/", "http://[::1]x/", "http://[]/", "http://a/\r\nHost: b",
            "http://a/" + String(repeating: "b", count: 2048),
        ])
    func refused(text: String) { #expect(CallbackURL(text) == nil) }
}
