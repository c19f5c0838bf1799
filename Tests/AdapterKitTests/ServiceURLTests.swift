import AdapterKit
import Testing

@Suite struct ServiceURLTests {
    @Test(
        "https is taken with host, port and path; http on loopback",
        arguments: [
            ("https://pix.example.com/oauth/token", true, "pix.example.com", 443, "/oauth/token"),
            ("https://pix.example.com", true, "pix.example.com", 443, "/"),
            ("https://pix.example.com:8443/a", true, "pix.example.com", 8443, "/a"),
            ("https://[2001:db8::1]:9443/t", true, "2001:db8::1", 9443, "/t"), ("https://[::1]/t", true, "::1", 443, "/t"),
            ("http://127.0.0.1:9/t", false, "127.0.0.1", 9, "/t"), ("http://localhost/t", false, "localhost", 80, "/t"),
        ])
    func read(text: String, isSecure: Bool, host: String, port: Int, path: String) throws {
        let url = try #require(ServiceURL(text))
        #expect((url.isSecure, url.host, url.port, url.path) == (isSecure, host, port, path))
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "pix.example.com", "//pix.example.com", "ftp://pix.example.com", "HTTPS://pix.example.com", "https://",
            "https:///path", "http://pix.example.com/t", "https://user@pix.example.com/", "https://user:pw@pix.example.com/",
            "https://pix.example.com?x=1", "https://pix.example.com/t?x=1", "https://pix.example.com/t#f",
            "https://pix.example.com:",
            "https://pix.example.com:0/", "https://pix.example.com:65536/", "https://pix.example.com:+80/",
            "https://pix.example.com:8o/", "https://pix example.com/", "https://pix.example.com/a b", "https://[::1/t",
            "https://[]/t", "https://[::1]9/t", "https://[bank]/t", "https://bänk.example/t", "https://pix.example.com/ä",
            "https://pix.example.com/\r\nX: y", "https://" + String(repeating: "a", count: 254),
        ])
    func refused(text: String) {
        #expect(ServiceURL(text) == nil)
    }
}
