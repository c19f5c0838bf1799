import Testing

@testable import Drawbridge

@Suite struct NewAdapterTests {
    private static let taken = NewAdapter.Taken(
        names: ["bank-hmac", "README.md"], modules: ["BankHMAC", "Payments", "NIOCore", "StoreTests"])

    @Test("a name gives its module", arguments: [("a", "A"), ("my-bank", "MyBank"), ("bank-2-go", "Bank2Go"), ("x9", "X9")])
    func module(name: String, module: String) throws {
        let adapter = try NewAdapter(name: name, besides: Self.taken)
        #expect(adapter.module == module)
        #expect(adapter.manifestRow == "(\"\(module)\", \"\(name)\"),")
        #expect(adapter.importLine == "import \(module)" && adapter.catalogRow == "\(module)Adapter.self,")
    }

    @Test(
        "what is no name is refused",
        arguments: [
            "", "-", "-a", "a-", "a--b", "A", "aB", "1", "1a", "a_b", "a b", "a.b", "a/b", "..", "../a", "ä", "a\n", "ａ",
            String(repeating: "a", count: 33),
        ])
    func malformed(name: String) {
        #expect(throws: NewAdapter.Refusal.malformedName(name)) { try NewAdapter(name: name, besides: Self.taken) }
    }

    @Test func `a name that an adapter has is refused`() {
        #expect(throws: NewAdapter.Refusal.takenName("bank-hmac")) { try NewAdapter(name: "bank-hmac", besides: Self.taken) }
    }

    @Test(
        "a name whose module would be another's, or no module's, is refused",
        arguments: [
            ("payments", "Payments"), ("bankhmac", "Bankhmac"), ("nio-core", "NioCore"), ("store", "Store"),
            ("any", "Any"), ("foundation", "Foundation"), ("x-c-test", "XCTest"),
        ])
    func takenModule(name: String, module: String) {
        #expect(throws: NewAdapter.Refusal.takenModule(module)) { try NewAdapter(name: name, besides: Self.taken) }
    }

    @Test func `every file says what adapter it belongs to, or is of none`() throws {
        let files = try NewAdapter(name: "my-bank", besides: Self.taken).files
        #expect(Set(files.map(\.path)).count == files.count)
        for file in files where file.path.hasSuffix(".swift") { #expect(file.text.contains("MyBank"), "\(file.path)") }
        #expect(files.allSatisfy { !$0.path.hasPrefix("/") && !$0.path.contains("..") && $0.text.hasSuffix("\n") })
    }
}
