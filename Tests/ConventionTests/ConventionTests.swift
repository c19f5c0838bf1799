import Testing

/// The rules that a reader can check by looking are checked here by a program, on the repository it was built from.
@Suite struct ConventionTests {
    private func listed(_ violations: [String]) -> Comment { Comment(rawValue: violations.joined(separator: "\n")) }

    @Test("the sources hold every convention", arguments: Convention.allCases)
    func conventions(convention: Convention) throws {
        let violations = try Repository.sources().flatMap(convention.violations)
        #expect(violations.isEmpty, listed(violations))
    }

    @Test func `every module imports only what its place allows`() throws {
        let violations = try Repository.sources().flatMap(ImportRule.violations)
        #expect(violations.isEmpty, listed(violations))
    }

    @Test func `each wrapper is the only importer of its C library`() {
        let importers = { (library: String) in ImportRule.table.filter { $0.permits(library) }.map(\.folder) }
        #expect(importers("CCurl") == ["Sources/CurlTransport"])
        #expect(importers("CHiredis") == ["Sources/RedisStore"])
    }

    @Test func `every target has the strict settings`() throws {
        let violations = Manifest(try Repository.manifest()).violations
        #expect(violations.isEmpty, listed(violations))
    }

    @Test func `every adapter's folder has its row in Package.swift, and every row its folder`() throws {
        #expect(Manifest(try Repository.manifest()).adapters.map(\.folder).sorted() == (try Repository.adapterFolders()))
    }

    @Test func `a gateway's name stands in one file of Sources alone: the composition's catalog`() throws {
        let adapters = Manifest(try Repository.manifest()).adapters
        try #require(!adapters.isEmpty)
        let violations = try GatewayName.violations(in: Repository.sources(), adapters: adapters)
        #expect(violations.isEmpty, listed(violations))
    }

    @Test func `the repository is found`() throws {
        let paths = Set(try Repository.sources().map(\.path))
        #expect(paths.contains("Sources/AdapterKit/GatewayAdapter.swift"))
        #expect(paths.contains("Tests/ConventionTests/ConventionTests.swift"))
    }
}
