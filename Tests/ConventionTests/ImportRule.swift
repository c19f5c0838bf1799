/// What one module may import (design/architecture.md, "Who may import whom").
struct ImportRule {
    let folder: String
    /// The only modules it may import; `nil` where those of others are not limited.
    let allowed: Set<String>?
    /// Modules of ours that it must not import.
    let forbidden: Set<String>

    private init(_ folder: String, only allowed: Set<String>) {
        (self.folder, self.allowed, forbidden) = (folder, allowed, [])
    }

    private init(_ folder: String, allBut forbidden: Set<String>) {
        (self.folder, allowed, self.forbidden) = (folder, nil, forbidden)
    }

    func permits(_ module: String) -> Bool { allowed?.contains(module) ?? !forbidden.contains(module) }

    private static let standIns: Set = ["MockGateways", "MockGatewaysCommand", "TestKit", "Testing"]
    private static let wrapped: Set = ["CCurl", "CHiredis"]

    /// A folder with sources and without a row is a failure: a new module is given its place here first.
    static let table = [
        ImportRule("Sources/AdapterKit", only: []),
        ImportRule("Sources/Signing", only: ["AdapterKit", "Crypto", "FoundationEssentials"]),
        ImportRule("Sources/Resilience", only: ["AdapterKit", "Synchronization"]),
        ImportRule(
            "Sources/Payments",
            only: [
                "AdapterKit", "Resilience", "Signing", "Crypto", "FoundationEssentials", "Logging", "Metrics", "Synchronization",
                "Tracing",
            ]),
        ImportRule(
            "Sources/CurlTransport", only: ["AdapterKit", "Payments", "CCurl", "Foundation", "Glibc", "Synchronization"]),
        ImportRule(
            "Sources/RedisStore",
            only: [
                "AdapterKit", "Payments", "Resilience", "CHiredis", "Crypto", "Foundation", "Logging", "NIOCore", "NIOPosix",
                "NIOSSL",
                "Synchronization",
            ]),
        ImportRule("Sources/Drawbridge", allBut: standIns.union(wrapped)),
        ImportRule(
            "mocks/MockGateways",
            allBut: wrapped.union(["Drawbridge", "Payments", "CurlTransport", "RedisStore", "TestKit", "Testing", "BankHMAC"])),
        ImportRule(
            "mocks/MockGatewaysCommand",
            allBut: wrapped.union(["Drawbridge", "Payments", "CurlTransport", "RedisStore", "TestKit", "Testing", "BankHMAC"])),
        ImportRule("mocks/ToxicProxy", only: ["AdapterKit", "NIOCore", "NIOHTTP1", "NIOPosix", "Synchronization"]),
        ImportRule(
            "mocks/TestKit",
            allBut: wrapped.union([
                "Drawbridge", "CurlTransport", "RedisStore", "MockGateways", "MockGatewaysCommand", "BankHMAC",
            ])),
        ImportRule(
            "mocks/ProcessKit", allBut: wrapped.union(["Drawbridge", "CurlTransport", "RedisStore", "MockGatewaysCommand"])),
    ]

    private static let adapter = ImportRule("adapters", only: ["AdapterKit", "Signing"])

    /// The rule for a file; tests have none, beyond that C stays in its wrapper and the wrapper's own tests.
    static func rule(for file: SourceFile) -> ImportRule? {
        if file.isAdapterSource { return adapter }
        if file.isBelow(["Tests/CurlTransportTests"]) { return ImportRule("Tests/CurlTransportTests", allBut: ["CHiredis"]) }
        if file.isBelow(["Tests/RedisStoreTests"]) { return ImportRule("Tests/RedisStoreTests", allBut: ["CCurl"]) }
        if file.isTest { return ImportRule("Tests", allBut: wrapped) }
        return table.first { file.isBelow([$0.folder]) }
    }

    /// The imports of a file that it must not have, or that it has no row.
    static func violations(in file: SourceFile) -> [String] {
        guard let rule = rule(for: file) else { return ["\(file.path): its module has no row in ImportRule.table"] }
        return file.lines.compactMap { line in
            guard let module = module(importedBy: line.code), !rule.permits(module) else { return nil }
            return "\(file.path):\(line.number): import \(module)"
        }
    }

    /// The first name after `import`, or the second where a kind such as `struct` stands between: `import struct Foundation.Date`.
    private static func module(importedBy code: String) -> String? {
        let words = code.split(separator: " ")
        guard let place = words.firstIndex(of: "import") else { return nil }
        let names = words[(place + 1)...].drop { kinds.contains($0) }
        return names.first?.split(separator: ".").first.map(String.init)
    }

    private static let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
}
