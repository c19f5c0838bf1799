import AdapterKit
import Testing

@Suite struct AdapterSettingsTests {
    private func settings(_ text: String, path: String = "") throws -> AdapterSettings {
        AdapterSettings(values: try JSON(parsing: Array(text.utf8)), path: path) {
            reference throws(AdapterSettings.SecretFailure) in
            guard reference.hasPrefix("text:") else { throw AdapterSettings.SecretFailure(expected: "env:, file: or text:") }
            return Secret(text: String(reference.dropFirst(5)))
        }
    }

    private func path(_ read: () throws -> Void) throws -> String {
        try #require(throws: SettingsFailure.self) { try read() }.path
    }

    @Test func `settings of the right type are read, and null is as if it was not there`() throws {
        let settings = try settings(#"{"a":"x","b":false,"t":"2026-01-02T03:04:05Z","s":"text:hush","l":[{"a":"y"}],"n":null}"#)
        #expect(try settings.text("a") == "x")
        #expect(try settings.requiredText("a") == "x")
        #expect(try settings.flag("b", default: true) == false)
        #expect(try settings.timestamp("t") == Timestamp(seconds: 1_767_323_045))
        #expect(try settings.secret("s") == Secret(text: "hush"))
        #expect(try settings.sections("l").map { try $0.text("a") } == ["y"])
        for name in ["n", "missing"] {
            #expect(try settings.text(name) == nil)
            #expect(try settings.flag(name, default: true))
            #expect(try settings.timestamp(name) == nil)
            #expect(try settings.secret(name) == nil)
            #expect(try settings.sections(name).isEmpty)
        }
    }

    @Test("a value of another type is refused by whoever reads it", arguments: ["true", "1", "1.5", "[]", "{}", #""""#])
    func texts(value: String) throws {
        let settings = try settings(#"{"a":\#(value)}"#)
        #expect(try path { _ = try settings.text("a") } == "a")
        #expect(try path { _ = try settings.requiredText("a") } == "a")
        #expect(try path { _ = try settings.timestamp("a") } == "a")
        #expect(try path { _ = try settings.secret("a") } == "a")
    }

    @Test("a flag is true or false and nothing like it", arguments: [#""true""#, "1", "0", #""""#, "[]", "{}"])
    func flags(value: String) throws {
        let settings = try settings(#"{"a":\#(value)}"#)
        #expect(try path { _ = try settings.flag("a", default: true) } == "a")
    }

    @Test func `a required text that is missing or null is refused`() throws {
        #expect(try path { _ = try settings("{}").requiredText("a") } == "a")
        #expect(try path { _ = try settings(#"{"a":null}"#).requiredText("a") } == "a")
    }

    @Test("a time of another shape is refused", arguments: ["2026-01-02", "2026-01-02T03:04:05+00:00", "1767323045"])
    func timestamps(text: String) throws {
        let settings = try settings(#"{"a":"\#(text)"}"#)
        #expect(try path { _ = try settings.timestamp("a") } == "a")
    }

    @Test(
        "a secret that cannot be had, or is empty, is refused without showing the reference",
        arguments: ["hush", "env:HUSH", "text:"])
    func secrets(reference: String) throws {
        let settings = try settings(#"{"a":"\#(reference)"}"#)
        let failure = try #require(throws: SettingsFailure.self) { try settings.secret("a") }
        #expect(failure.path == "a")
        #expect(!failure.expected.lowercased().contains("hush"))
    }

    @Test(
        "a list of sections holds sections",
        arguments: [
            (#"{"l":{}}"#, "l"), (#"{"l":"x"}"#, "l"), (#"{"l":[{},1]}"#, "l/1"), (#"{"l":[null]}"#, "l/0"),
            (#"{"l":[[]]}"#, "l/0"),
        ])
    func sections(text: String, expected: String) throws {
        let settings = try settings(text)
        #expect(try path { _ = try settings.sections("l") } == expected)
    }

    @Test func `a failure names the whole path, however deep the section`() throws {
        let settings = try settings(#"{"l":[{},{"m":[{"a":1}]}]}"#, path: "gateways/bank-a/settings/")
        #expect(try path { _ = try settings.sections("l")[1].sections("m")[0].text("a") } == "gateways/bank-a/settings/l/1/m/0/a")
        #expect(settings.failure(of: "b", expected: "x").path == "gateways/bank-a/settings/b")
    }

    @Test func `a setting that does not exist is refused, and those that do are named`() throws {
        let settings = try settings(#"{"a":1,"b":2}"#)
        try settings.allow(only: ["a", "b", "c"])
        let failure = try #require(throws: SettingsFailure.self) { try settings.allow(only: ["a", "c"]) }
        #expect(failure.path == "b")
        #expect(failure.expected.hasSuffix("a, c"))
    }
}
