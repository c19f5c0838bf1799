import Foundation
import ProcessKit
import TestKit

/// A new adapter and the least that it needs to be built and tested: AdapterKit and the conformance suite. The whole package
/// would take minutes.
struct GeneratedPackage {
    /// A test of a new adapter that failed.
    enum Failure: Hashable {
        /// The conformance suite's, by the name of its case.
        case rule(String)
        case summary
        case other(String)
    }

    private static let suite = "mocks/TestKit"
    private let copy: SourceCopy
    private let module: String
    private let folder: Folder

    init(of name: String, module: String, in copy: SourceCopy) throws {
        (self.copy, self.module) = (copy, module)
        folder = try Folder()
        for part in ["Sources/AdapterKit", "adapters/\(name)", Self.suite] {
            let place = URL(filePath: folder.path(part))
            try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: copy.path(part), toPath: place.path)
        }
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path(Self.suite)) where !Self.isOfSuite(file) {
            try FileManager.default.removeItem(atPath: folder.path("\(Self.suite)/\(file)"))
        }
        try folder.write("Package.swift", manifest(of: name).utf8)
    }

    /// The conformance suite of adapters needs AdapterKit alone.
    private static func isOfSuite(_ file: String) -> Bool {
        ["AdapterConformance", "CallbackFixture", "CallbackReading", "FixtureFile"].contains(where: file.hasPrefix)
    }

    /// The settings are those of the whole package; a warning is an error.
    private func manifest(of name: String) -> String {
        """
        // swift-tools-version: 6.2
        import PackageDescription

        let strict: [SwiftSetting] = [
            .strictMemorySafety(), .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("InternalImportsByDefault"), .treatAllWarnings(as: .error),
        ]
        let package = Package(
            name: "drawbridge",
            targets: [
                .target(name: "AdapterKit", swiftSettings: strict),
                .target(name: "TestKit", dependencies: ["AdapterKit"], path: "\(Self.suite)", swiftSettings: strict),
                .target(
                    name: "\(module)", dependencies: ["AdapterKit"], path: "adapters/\(name)/Sources", packageAccess: false,
                    swiftSettings: strict),
                .testTarget(
                    name: "\(module)Tests", dependencies: [.target(name: "\(module)"), "AdapterKit", "TestKit"],
                    path: "adapters/\(name)/Tests", resources: [.copy("Fixtures")], swiftSettings: strict),
            ])
        """
    }

    func build() async throws {
        let run = try await SourceCopy.run(["swift", "build", "--build-tests", "--package-path", folder.path("")])
        guard run.code == 0 else { throw SourceCopy.Failed(output: run.output + run.errors) }
    }

    /// What the adapter's tests say of it, once each.
    func failures() async throws -> Set<Failure> {
        let run = try await SourceCopy.run(["swift", "test", "--skip-build", "--package-path", folder.path("")])
        let lines = (run.output + "\n" + run.errors).split(separator: "\n")
        return Set(lines.filter { $0.contains(" recorded an issue ") }.map { Self.failure(String($0)) })
    }

    private static func failure(_ line: String) -> Failure {
        if let rule = line.firstMatch(of: #/ rule → \.(\w+) /#) { return .rule(String(rule.output.1)) }
        return line.contains("the summary says what the gateway is") ? .summary : .other(line)
    }

    /// The catalog with the new rows, against the modules that this test was built with and the new one.
    func typecheckCatalog() async throws -> RunningProgram.Run {
        try await SourceCopy.run([
            "swiftc", "-typecheck", "-swift-version", "6", "-module-name", "Drawbridge", "-I", SourceCopy.modules,
            "-I", folder.path(".build/debug/Modules"), copy.path(SourceCopy.catalog),
            copy.path("Sources/Drawbridge/Configuration/AdapterCatalog.swift"),
        ])
    }
}
