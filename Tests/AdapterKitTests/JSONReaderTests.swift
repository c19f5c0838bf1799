import AdapterKit
import Testing

@Suite struct JSONReaderTests {
    private func read(_ text: String) throws -> JSON { try JSON(parsing: Array(text.utf8)) }

    private func failure(_ bytes: [UInt8]) throws -> JSONFailure {
        try #require(throws: JSONFailure.self) { try JSON(parsing: bytes) }
    }

    @Test(
        "values are read as they are",
        arguments: [
            ("null", .null), ("true", .bool(true)), ("false", .bool(false)), ("0", .integer(0)), ("-0", .integer(0)),
            ("-1", .integer(-1)), ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            (#""""#, .string("")), (#""a\"\\\/\b\f\n\r\té""#, .string("a\"\\/\u{8}\u{C}\n\r\té")),
            (#""\u00e9\u20AC\ud83d\uDE00\u0000""#, .string("é€😀\0")), ("[]", .array([])), ("{}", .object([])),
            (" [ 1 , \"a\" ]\r\n\t", .array([.integer(1), .string("a")])),
            (#"{"a":{"b":[null]}}"#, .members([("a", .members([("b", .array([.null]))]))])),
            (#"{"":1}"#, .members([("", .integer(1))])),
        ] as [(String, JSON)])
    func values(text: String, value: JSON) throws {
        #expect(try read(text) == value)
    }

    @Test(
        "a number that is no integer of 64 bits keeps its spelling",
        arguments: [
            "1.0", "1e3", "1E3", "1e+3", "1e-3", "-0.0", "0.5", "9223372036854775808", "-9223372036854775809",
            "99999999999999999999", "1.7976931348623157e309",
        ])
    func numbers(text: String) throws {
        #expect(try read(text) == .number(text))
        #expect(try read(text).integer == nil)
    }

    @Test(
        "what is not JSON is refused",
        arguments: [
            "", " ", "nul", "nulll", "True", "tru e", "NaN", "Infinity", "undefined", "01", "-01", "00", "+1", "-", ".5", "1.",
            "1.e3",
            "1e", "1e+", "--1", "0x10", "1_000", "\"", "\"a", "'a'", "\"a\tb\"", "\"a\nb\"", #""\x""#, #""\u12""#, #""\u12g4""#,
            #""\"#,
            "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1]]", "{", "}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{a:1}"#,
            #"{1:1}"#, #"{"a" 1}"#, #"{"a":1 "b":2}"#, #"{"a":1}}"#, "{} {}", "{}x", "1 2", "/* */1", "1 // one", "{}\0", "\0{}",
            "\u{FEFF}{}", "\u{A0}1", "[1}", "{]",
        ])
    func syntax(text: String) throws {
        #expect(try failure(Array(text.utf8)).reason == .syntax)
    }

    @Test(
        "half a surrogate pair is refused",
        arguments: [
            #""\ud83d""#, #""\ude00""#, #""\ud83d\ud83d""#, #""\ude00\ud83d""#, #""\ud83dx""#, #""\ud83d\n""#, #""\ud83d\u0041""#,
        ])
    func surrogates(text: String) throws {
        #expect(try failure(Array(text.utf8)).reason == .syntax)
    }

    @Test(
        "bytes that are not UTF-8 are refused",
        arguments: [
            [0xFF], [0x80], [0xC3], [0xC0, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF0, 0x80, 0x80, 0xAF],
        ] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) throws {
        #expect(try failure([0x22] + bytes + [0x22]).reason == .invalidUTF8)
        #expect(try failure(Array(#"{""#.utf8) + bytes + Array(#"":1}"#.utf8)).reason == .invalidUTF8)
    }

    @Test(
        "bytes that are not UTF-8 are refused after plain ones, before plain ones and beside an escape",
        arguments: [
            ("plain and long enough to be kept on the heap", ""), ("", "plain and long enough to be kept on the heap"),
            (#"\n"#, ""), ("", #"\n"#), (#"\u00e9"#, #"\u00e9"#), ("é", "é"),
        ])
    func invalidUTF8AmongValid(before: String, after: String) throws {
        let text = [0x22] + Array(before.utf8) + [0xC3] + Array(after.utf8) + [0x22]
        let failure = try failure(text)
        #expect(failure.reason == .invalidUTF8)
        #expect(failure.offset == text.count)
    }

    @Test(
        "a control character is refused wherever it stands in a string",
        arguments: ["", "plain and long enough to be kept on the heap", #"\n"#, "é", "\u{7F}"])
    func controlCharacters(before: String) throws {
        for character in UInt8(0)..<0x20 {
            let failure = try failure([0x22] + Array(before.utf8) + [character] + Array(#"x""#.utf8))
            #expect(failure.reason == .syntax)
            #expect(failure.offset == before.utf8.count + 2)
        }
    }

    @Test(
        "a string that does not end is refused",
        arguments: ["", "a", "long enough to be kept on the heap", #"\n"#, #"\n\"#, #"\""#])
    func endless(content: String) throws {
        let failure = try failure(Array("\"\(content)".utf8))
        #expect(failure.reason == .syntax)
        #expect(failure.offset == content.utf8.count + 1)
    }

    @Test("the second of two equal names is refused in an object of any size", arguments: 1...40)
    func duplicatesAmongMany(count: Int) throws {
        let names = (1..<max(2, count)).map { #""n\#($0)":\#($0)"# } + ["\"\u{E9}\":0"]
        #expect(try read("{\(names.joined(separator: ","))}").members?.count == names.count)
        for name in ["n1", "e\u{301}"] {
            let failure = try failure(Array("{\(names.joined(separator: ",")),\"\(name)\":0}".utf8))
            #expect(failure.reason == .duplicateMember)
            #expect(failure.pointer == "/\(name)")
        }
    }

    @Test(
        "a failure inside a member names the member, one between members the object",
        arguments: [
            (#"{"a":{"b" 1}}"#, "/a/b"), (#"{"a":{"b":1 "c":2}}"#, "/a"), (#"{"a":[0,[1,tru]]}"#, "/a/1/1"),
            (#"{"a":[0,[1 2]]}"#, "/a/1"), (#"{"a":{"b":1},"c":x}"#, "/c"), (#"{"a":{"b":1},c}"#, ""),
        ])
    func pointers(text: String, pointer: String) throws {
        #expect(try failure(Array(text.utf8)).pointer == pointer)
    }

    @Test(
        "a member that occurs twice is refused wherever it stands and however it is written",
        arguments: [
            (#"{"a":1,"a":1}"#, "/a"), (#"{"a":1,"b":2,"\u0061":3}"#, "/a"), (#"{"x":[{"a":1,"a":2}]}"#, "/x/0/a"),
            (#"{"":1,"":2}"#, "/"), ("{\"\u{E9}\":1,\"e\u{301}\":2}", "/\u{E9}"),
        ])
    func duplicates(text: String, pointer: String) throws {
        let failure = try failure(Array(text.utf8))
        #expect(failure.reason == .duplicateMember)
        #expect(failure.pointer == pointer)
    }

    @Test func `the same name in another object is no duplicate`() throws {
        #expect(try read(#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#)["a"]?["a"] == .integer(1))
    }

    @Test("64 levels are read", arguments: [("[", "]"), (#"{"a":"#, "}")])
    func deep(open: String, close: String) throws {
        let text = String(repeating: open, count: 64) + "1" + String(repeating: close, count: 64)
        #expect(try read(text).encoded() == Array(text.utf8))
    }

    @Test("more levels are refused before the stack is used up", arguments: [65, 1_000, 1_000_000])
    func tooDeep(levels: Int) throws {
        #expect(try failure(Array(repeating: UInt8(ascii: "["), count: levels)).reason == .tooDeep)
        let closed = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        #expect(try failure(Array(closed.utf8)).reason == .tooDeep)
        #expect(try failure(Array(String(repeating: #"{"a":"#, count: levels).utf8)).reason == .tooDeep)
    }

    @Test func `a failure says where: the byte, and the pointer with its escapes`() throws {
        let failure = try failure(Array(#"{"a/b~c":[1,2,x]}"#.utf8))
        #expect(failure.offset == 14)
        #expect(failure.pointer == "/a~1b~0c/2")
        #expect(try self.failure(Array("x".utf8)).pointer == "")
    }
}
