import AdapterKit
import Testing

@Suite struct JSONTests {
    private func read(_ text: String) throws -> JSON { try JSON(parsing: Array(text.utf8)) }

    @Test(
        "what is written reads back as the same value",
        arguments: [
            .null, .bool(false), .integer(.min), .integer(.max), .number("1.50"), .string(""),
            .string("\"\\/\0\u{1F}\u{7F}é😀\u{2028}"),
            .array([]), .array([.null, .array([.object([])])]),
            .members([("b", .integer(1)), ("a", .string("x\ny")), ("", .null)]),
        ] as [JSON])
    func roundTrip(value: JSON) throws {
        #expect(try JSON(parsing: value.encoded()) == value)
    }

    @Test func `every character below a blank is escaped, and nothing else but quote and backslash`() throws {
        for code in UInt8(0)..<0x80 {
            let text = String(UnicodeScalar(code))
            let written = JSON.string(text).encoded()
            #expect(!written.contains { $0 < 0x20 })
            #expect(try JSON(parsing: written) == .string(text))
            #expect((written.count == 3) == (code >= 0x20 && text != "\"" && text != "\\"))
        }
    }

    @Test(
        "a character that must be escaped is escaped at the start, in the middle and at the end",
        arguments: [("\"", #"\""#), ("\\", #"\\"#), ("\n", #"\u000a"#), ("\0", #"\u0000"#)])
    func escapes(character: String, escaped: String) {
        for (before, after) in [("", ""), ("é and more than fits into a word", ""), ("", "é"), ("a", "b")] {
            #expect(
                String(decoding: JSON.string(before + character + after).encoded(), as: UTF8.self)
                    == "\"\(before)\(escaped)\(after)\"")
        }
    }

    @Test func `members are written in the order they stand, without blanks`() {
        let value = JSON.members([("b", .array([.integer(1), .bool(true)])), ("a", .optional(nil)), ("c", .optional("x"))])
        #expect(String(decoding: value.encoded(), as: UTF8.self) == #"{"b":[1,true],"a":null,"c":"x"}"#)
    }

    @Test func `members without a value are left out`() {
        #expect(JSON.present([("a", nil), ("b", .null), ("c", .integer(1))]) == .members([("b", .null), ("c", .integer(1))]))
    }

    @Test func `the canonical form forgets member order and white space and nothing else`() throws {
        let value = try read(#"{"b":[{"y":1,"x":2},3],"a":1.0}"#)
        #expect(value.canonical == (try read(#" { "a":1.0, "b":[ {"x":2,"y":1}, 3 ] } "#).canonical))
        for other in [#"{"b":[3,{"y":1,"x":2}],"a":1.0}"#, #"{"b":[{"y":1,"x":2},3],"a":1}"#, #"{"b":[{"y":1},3],"a":1.0}"#] {
            #expect(value.canonical != (try read(other).canonical))
        }
    }

    @Test(
        "a value is only what it is",
        arguments: [JSON.null, .bool(true), .integer(1), .number("1.0"), .string("1"), .array([]), .object([])])
    func accessors(value: JSON) {
        #expect((value.text != nil) == (value == .string("1")))
        #expect((value.integer != nil) == (value == .integer(1)))
        #expect((value.bool != nil) == (value == .bool(true)))
        #expect((value.elements != nil) == (value == .array([])))
        #expect((value.members != nil) == (value == .object([])))
        #expect(value["a"] == nil)
    }

    @Test func `redaction keeps the members it may show and blanks every other leaf`() throws {
        let message = try read(
            #"{"reference":"pay_1","amount":5,"card":{"number":"4111","exp":12,"amount":7},"names":["Ana",{"reference":"r"}],"x":null,"y":true}"#
        )
        let shown = try read(
            #"{"reference":"pay_1","amount":5,"card":{"number":"<redacted>","exp":"<redacted>","amount":7},"names":["<redacted>",{"reference":"r"}],"x":null,"y":"<redacted>"}"#
        )
        #expect(message.redacted(keeping: ["reference", "amount"]) == shown)
    }

    @Test(
        "allowing a member does not open what stands in it",
        arguments: [#"{"card":{"number":"4111"}}"#, #"{"card":["4111"]}"#, #"{"card":[["4111"]]}"#])
    func redactionOfContainers(text: String) throws {
        let shown = String(decoding: try read(text).redacted(keeping: ["card"]).encoded(), as: UTF8.self)
        #expect(!shown.contains("4111"))
    }

    @Test("a value on its own is blanked", arguments: [JSON.string("4111"), .integer(4111), .number("41.11"), .bool(true)])
    func redactionOfLeaves(value: JSON) {
        #expect(value.redacted(keeping: ["4111", ""]) == .string("<redacted>"))
    }
}
