import Testing

/// Each convention is shown to fail on a snippet, and not to fail on one that only looks like it.
@Suite struct BrokenConventionTests {
    struct Snippet: CustomTestStringConvertible {
        let convention: Convention
        let path: String
        let broken: [String]
        let fine: [String]
        var testDescription: String { convention.rawValue }

        init(_ convention: Convention, at path: String, broken: [String], fine: [String]) {
            (self.convention, self.path, self.broken, self.fine) = (convention, path, broken, fine)
        }
    }

    static let snippets = [
        Snippet(
            .noWallClock, at: "Sources/Payments/A.swift",
            broken: ["let now = Date()", "Date.now", "Int.random(in: 0..<2)", "list.shuffled()", "let id = UUID()"],
            fine: ["// Date()", "let text = \"Date()\"", "let date: Date", "random.bytes(16)", "UUID(uuidString: text)"]),
        Snippet(
            .noClock, at: "adapters/bank/Sources/A.swift",
            broken: ["ContinuousClock.now", "let deadline: NIODeadline", "try await Task.sleep(for: wait)"],
            fine: ["time.monotonic()", "/* ContinuousClock */ let a = 1", "try await time.sleep(for: wait)"]),
        Snippet(
            .noForce, at: "Sources/Signing/A.swift",
            broken: [
                "try! read()", "x as! String", "list.first!", "f(a!)", "a[0]!.b", "g()!", "\"\"!", "var a: String!", "a! + b",
                "x?.y!",
            ],
            fine: [
                "if !done {}", "a != b", "a!=b", "f(!done)", "try? read()", "x as? String", "let text = \"done!\"",
                "// list.first!",
            ]),
        Snippet(
            .noCrash, at: "Sources/Payments/A.swift", broken: ["fatalError(\"\")", "default: preconditionFailure()", "abort()"],
            fine: ["// fatalError(", "precondition(count > 0)", "connection.abortive()"]),
        Snippet(
            .noDetachedTask, at: "mocks/MockGateways/A.swift", broken: ["Task.detached { }"],
            fine: ["Task { }", "\"Task.detached\""]),
        Snippet(
            .reasonedUnchecked, at: "Tests/PaymentsTests/A.swift",
            broken: ["final class A: @unchecked Sendable {}", "nonisolated(unsafe) var a = 1 //", "@unchecked Sendable // TODO"],
            fine: ["final class A: @unchecked Sendable {}  // guarded by the loop's thread", "nonisolated var a: Int { 1 }"]),
        Snippet(
            .wrappedMemory, at: "Sources/Drawbridge/A.swift",
            broken: ["unsafe read(a)", "let a: UnsafeRawBufferPointer", "a.withUnsafeBytes { }", "let a: OpaquePointer?"],
            fine: ["// unsafe read", "nonisolated(unsafe) var a = 1", "let unsafeName = 1"]),
        Snippet(
            .namedNouns, at: "adapters/bank/Tests/A.swift",
            broken: [
                "enum StringUtils {}", "final class KeyManager {}", "struct Helpers {}", "protocol CommonError {}",
                "actor HelperActor {}",
            ],
            fine: ["FileManager.default", "extension FileManager {}", "struct Commonwealth {}", "// struct Helper"]),
        Snippet(
            .oneVerifier, at: "Sources/Payments/A.swift",
            broken: ["let a = VerifiedCallback(target: b, headers: c, body: d, eventID: nil)", "UnprovenCallback(target: a)"],
            fine: [
                "VerifiedCallback(kept: callback, vault)", "case verified(VerifiedCallback, nonce: String?)",
                "// VerifiedCallback()",
            ]),
        Snippet(
            .noSleep, at: "adapters/bank/Tests/A.swift",
            broken: [
                "try await Task.sleep(for: .seconds(1))", "Thread.sleep(forTimeInterval: 1)", "usleep(10)", "sleep(1)",
                "sleep(1) // waits:",
            ],
            fine: [
                "try await time.sleep(for: .seconds(1))", "func sleep(for duration: Duration) {}",
                "usleep(10) // waits: the kernel's timer",
            ]),
    ]

    @Test("a line that breaks the convention is found", arguments: snippets)
    func broken(snippet: Snippet) {
        for line in snippet.broken {
            let file = SourceFile(path: snippet.path, text: "let first = 1\n\(line)\nlet last = 1")
            #expect(snippet.convention.violations(in: file).count == 1, "\(line)")
        }
    }

    @Test("a line that only looks like it is left alone", arguments: snippets)
    func fine(snippet: Snippet) {
        for line in snippet.fine {
            #expect(snippet.convention.violations(in: SourceFile(path: snippet.path, text: line)).isEmpty, "\(line)")
        }
    }

    @Test func `every convention has a snippet`() {
        #expect(Set(Self.snippets.map(\.convention)) == Set(Convention.allCases))
    }

    @Test(
        "a convention holds only where it should",
        arguments: [
            (Convention.noWallClock, "Sources/Drawbridge/SystemSources.swift", "Date()"),
            (.noWallClock, "Tests/A/A.swift", "Date()"),
            (.noClock, "Sources/CurlTransport/A.swift", "ContinuousClock()"),
            (.noClock, "Sources/Drawbridge/A.swift", "ContinuousClock()"),
            (.noForce, "Tests/A/A.swift", "a!"), (.wrappedMemory, "Sources/RedisStore/A.swift", "unsafe read(a)"),
            (.noSleep, "Sources/Drawbridge/A.swift", "Task.sleep(for: a)"),
        ])
    func elsewhere(convention: Convention, path: String, line: String) {
        #expect(convention.violations(in: SourceFile(path: path, text: line)).isEmpty)
    }

    @Test(
        "a file's own name counts",
        arguments: ["Sources/Payments/StringUtils.swift", "Tests/A/TestHelper.swift", "mocks/TestKit/Common.swift"])
    func names(path: String) {
        #expect(Convention.namedNouns.violations(in: SourceFile(path: path, text: "")).count == 1)
    }

    @Test(
        "an import out of place is found",
        arguments: [
            ("Sources/AdapterKit/A.swift", "import Foundation"), ("Sources/AdapterKit/A.swift", "public import Signing"),
            ("Sources/Resilience/A.swift", "import Payments"), ("Sources/Signing/A.swift", "import Resilience"),
            ("Sources/Payments/A.swift", "import BankHMAC"), ("Sources/Payments/A.swift", "internal import CCurl"),
            ("Sources/Payments/A.swift", "import Hummingbird"), ("Sources/Payments/A.swift", "import NIOCore"),
            ("Sources/RedisStore/A.swift", "import CCurl"), ("Sources/CurlTransport/A.swift", "@preconcurrency import CHiredis"),
            ("Sources/Drawbridge/A.swift", "import TestKit"), ("Sources/Drawbridge/A.swift", "internal import CCurl"),
            ("adapters/a/Sources/A.swift", "import BankHMAC"), ("adapters/a/Sources/A.swift", "import Foundation"),
            ("adapters/a/Sources/A.swift", "import Payments"), ("adapters/a/Sources/A.swift", "import struct Foundation.Date"),
            ("mocks/MockGateways/A.swift", "import BankHMAC"), ("Tests/A/A.swift", "@testable import CCurl"),
            ("Sources/Settlement/A.swift", "let a = 1"),
        ])
    func imports(path: String, line: String) {
        #expect(ImportRule.violations(in: SourceFile(path: path, text: line)).count == 1)
    }

    @Test(
        "an import in its place is not",
        arguments: [
            ("Sources/Payments/A.swift", "public import AdapterKit"), ("adapters/a/Sources/A.swift", "public import Signing"),
            ("Sources/CurlTransport/A.swift", "internal import CCurl"), ("Sources/AdapterKit/A.swift", "// import Foundation"),
            ("Tests/A/A.swift", "@testable import Payments"), ("adapters/a/Tests/A.swift", "import Foundation"),
        ])
    func placedImports(path: String, line: String) {
        #expect(ImportRule.violations(in: SourceFile(path: path, text: line)).isEmpty)
    }

    @Test(
        "a gateway's name outside the catalog is found",
        arguments: ["import BankHMAC", "let a = \"bank-hmac\"", "BankHMACAdapter.self"])
    func gatewayNames(line: String) {
        func violations(_ path: String, _ text: String) -> Int {
            GatewayName.violations(in: [SourceFile(path: path, text: text)], adapters: [("BankHMAC", "bank-hmac")]).count
        }
        #expect(violations("Sources/Payments/A.swift", line) == 1)
        #expect(violations("Sources/Drawbridge/Serving.swift", line) == 1)
        #expect(violations(GatewayName.catalog, line) == 0)
        #expect(violations("Tests/A/A.swift", line) == 0)
        #expect(violations("Sources/Payments/A.swift", "// protocols/bank-hmac.md \(line)") == 0)
    }

    private static let head = """
        // swift-tools-version: 6.2
        let strict: [SwiftSetting] = [
            .strictMemorySafety(), .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("InternalImportsByDefault"),
        ]
        let adapters: [(module: String, folder: String)] = [("BankHMAC", "bank-hmac")]

        """

    @Test func `a manifest whose targets are all strict is fine`() {
        let manifest = Manifest(Self.head + #".testTarget(name: "A", dependencies: [.target(name: "B")], swiftSettings: strict)"#)
        #expect(manifest.violations == [])
        #expect(manifest.adapters.map(\.module) == ["BankHMAC"])
    }

    @Test(
        "a manifest that is not strict is found",
        arguments: [
            head, head + #".target(name: "A")"#,
            head + #".target(name: "A", swiftSettings: strict), .executableTarget(name: "B")"#,
            head + #".testTarget(name: "A", dependencies: [.product(name: "P", package: "p")])"#,
            head.replacing("6.2", with: "5.9") + #".target(name: "A", swiftSettings: strict)"#,
            head.replacing(".strictMemorySafety(), ", with: "") + #".target(name: "A", swiftSettings: strict)"#,
            head.replacing("ExistentialAny", with: "Other") + #".target(name: "A", swiftSettings: strict)"#,
        ])
    func lax(text: String) {
        #expect(Manifest(text).violations.count == 1)
    }

    @Test func `comments and texts of every kind are told from code`() {
        let text = ##"""
            a /* b /* c */ d */ e // f
            "g\"h" i #"j"k\#n"# l
            """
            m // n
            """ o
            """##
        let lines = SourceFile(path: "A.swift", text: text).lines
        #expect(lines.map { $0.code.filter { $0 != " " } } == ["ae", "\"\"i\"\"l", "\"\"", "", "o"])
        #expect(lines[0].comment.contains("b") && lines[0].comment.contains("f"))
        #expect(lines[1].texts.contains("h") && lines[1].texts.contains("\"k"))
        #expect(lines[3].texts.contains("// n"))
    }
}
