import Foundation
import Testing

@testable import MockGateways

@Suite("A folder of expectations")
struct ExpectationFolderTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "expectations-\(UUID().uuidString)")

    /// Loads a folder of these files.
    private func load(_ files: [String: String]) throws -> ExpectationFolder {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, content) in files { try Data(content.utf8).write(to: folder.appending(path: name)) }
        return try ExpectationFolder(folder.path)
    }

    private static func expectation(_ id: String) -> String { #"{"id":"\#(id)","httpRequest":{},"httpResponse":{}}"# }

    @Test("is read file by file, in the order of their names")
    func reads() throws {
        let loaded = try load([
            "b.json": "[\(Self.expectation("3"))]", "a.json": "[\(Self.expectation("1")),\(Self.expectation("2"))]",
            "README.md": "no",
        ])
        #expect(loaded.expectations.map(\.id) == ["1", "2", "3"])
    }

    @Test("is read without its life.json, and no other file, by a gateway that has books")
    func besideBooks() throws {
        let loaded = try load([
            "a.json": "[\(Self.expectation("1"))]", "life.json": "[\(Self.expectation("2"))]",
            "nightlife.json": "[\(Self.expectation("3"))]",
        ])
        #expect(loaded.expectations.map(\.id) == ["1", "2", "3"])
        #expect(loaded.expectationsBesideBooks.map(\.id) == ["1", "3"])
    }

    @Test("is answered from by a gateway: life.json only where there are no books", arguments: [(true, 201), (false, 404)])
    func life(isStatic: Bool, status: Int) async throws {
        let inquiry = #"{"httpRequest":{"path":"/v1/charges/pay_1"},"httpResponse":{"statusCode":201}}"#
        let fault = #"{"httpRequest":{"path":"/v1/charges/pay_2"},"httpResponse":{"statusCode":500}}"#
        let folder = try load(["life.json": "[\(inquiry)]", "faults.json": "[\(fault)]"])
        try await withBank(expectations: [folder], isStatic: isStatic) { _, client in
            let answers = (try await client.get("/v1/charges/pay_1"), try await client.get("/v1/charges/pay_2"))
            #expect(answers.0.status == status)
            #expect(answers.1.status == 500)
        }
    }

    @Test(
        "is refused with the file's name and the place in it",
        arguments: [
            (["a.json": "[]", "b.json": "[{}]"], "/b.json [0].httpRequest: missing"),
            (["a.json": #"[{"httpRequest":{},"httpForward":{}}]"#], "/a.json [0].httpForward: not supported by mock-gateways"),
            (["a.json": "[{]"], "/a.json: not valid JSON, at byte 2 (/0)"),
            (["a.json": expectation("1")], "/a.json: not an array"),
            (["a.json": "[\(expectation("1"))]", "b.json": "[\(expectation("1"))]"], "/b.json: the id 1 occurs twice in "),
            (["README.md": ""], ": holds 0 files of the name *.json, not 1 to 1000"),
            (["a.json": String(repeating: " ", count: 1_048_577)], "/a.json: not a file of up to 1 MiB that can be read"),
        ] as [([String: String], String)])
    func refuses(files: [String: String], problem: String) {
        do {
            _ = try load(files)
            Issue.record("was read")
        } catch { #expect("\(error)".hasPrefix(folder.path + problem)) }
    }

    @Test("is refused when it is not there")
    func missing() {
        #expect(throws: ExpectationRefusal(place: "/nowhere", problem: "not a folder that can be read")) {
            _ = try ExpectationFolder("/nowhere")
        }
    }
}

@Suite("What is written down about expectations")
struct ExpectationExampleTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "mocks/expectations")

    @Test("the README's example is taken")
    func example() throws {
        let text = try String(contentsOf: Self.folder.appending(path: "README.md"), encoding: .utf8)
        let example = try #require(
            text.components(separatedBy: "```json\n").dropFirst().first?.components(separatedBy: "```").first)
        #expect(try Expectation.several(Sample.json(example)).count == 1)
    }

    @Test("every provider's folder loads")
    func folders() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: Self.folder.path) where !name.contains(".") {
            #expect(throws: Never.self) { _ = try ExpectationFolder(Self.folder.appending(path: name).path) }
        }
    }
}
