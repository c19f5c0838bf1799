import Testing

@testable import Drawbridge

@Suite struct ConfigurationSyntaxTests {
    @Test(
        "durations are read, and written with the largest unit that fits",
        arguments: [
            ("250ms", Duration.milliseconds(250), "250ms"), ("1500ms", .milliseconds(1_500), "1500ms"), ("3s", .seconds(3), "3s"),
            ("60s", .seconds(60), "1m"), ("90s", .seconds(90), "90s"), ("24h", .seconds(86_400), "1d"),
            ("100d", .seconds(8_640_000), "100d"),
            ("0s", .zero, "0ms"),
        ])
    func durations(text: String, duration: Duration, written: String) {
        #expect(Duration(written: text) == duration)
        #expect(duration.written == written)
    }

    @Test(
        "nothing else is a duration",
        arguments: [
            "", "3", "s", "3 s", " 3s", "3s ", "-3s", "+3s", "1.5s", "3sec", "3S", "1h30m", "1000000000s", "٣s", "3µs",
        ])
    func notDurations(text: String) { #expect(Duration(written: text) == nil) }

    @Test(
        "addresses to listen on",
        arguments: [
            ("127.0.0.1:0", true), ("127.9.9.9:80", true), ("localhost:80", true), ("[::1]:80", true), ("0.0.0.0:80", false),
            ("[::]:80", false), ("10.0.0.1:80", false), ("localhost.example:80", false), ("[::ffff:127.0.0.1]:80", false),
        ])
    func addresses(text: String, isLoopback: Bool) throws {
        let address = try #require(ListenAddress(text))
        #expect(address.isLoopback == isLoopback)
        #expect(address.description == text)
    }

    @Test(
        "nothing else is one",
        arguments: [
            "", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:65536", "127.0.0.1:80:80",
            "127.1:80",
            "1270.0.0.1:80", "::1:80", "[::1]", "[127.0.0.1]:80", "[::1:80", "a b:80", "-a:80",
        ])
    func notAddresses(text: String) { #expect(ListenAddress(text) == nil) }

    @Test(
        "words without quotes mean what YAML 1.2 says",
        arguments: [
            ("null", YAMLValue.Content.null), ("~", .null), ("true", .bool(true)), ("yes", .text("yes")), ("0", .integer(0)),
            ("-7", .integer(-7)), ("1.3", .number("1.3")), ("1e3", .number("1e3")),
            ("99999999999999999999", .number("99999999999999999999")),
            ("1_000", .text("1_000")), ("0x10", .text("0x10")), ("e", .text("e")), ("12:30", .text("12:30")),
            ("2026-01-02", .text("2026-01-02")), ("\"7\"", .text("7")), ("'null'", .text("null")),
        ])
    func words(text: String, content: YAMLValue.Content) throws {
        #expect(try YAMLDocument.value(of: text).content == content)
    }
}
