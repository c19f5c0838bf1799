/// Package.swift as text: what every target must have, and the table of adapters.
struct Manifest {
    let lines: [SourceFile.Line]
    private let text: String

    init(_ text: String) {
        self.text = text
        lines = SourceFile(path: "Package.swift", text: text).lines
    }

    /// What each target of the package is declared with; a `.target(name:)` inside another's declaration is a dependency.
    private var targets: [Substring] {
        var found: [Substring] = []
        var rest = text[...]
        while let start = rest.firstMatch(of: #/\.(?:target|executableTarget|testTarget)\(/#)?.range {
            let end = closing(of: rest, from: start.upperBound)
            found.append(rest[start.upperBound..<end])
            rest = rest[end...]
        }
        return found
    }

    private func closing(of text: Substring, from start: Substring.Index) -> Substring.Index {
        var depth = 1
        for index in text.indices[start...] {
            if text[index] == "(" { depth += 1 }
            if text[index] == ")" { depth -= 1 }
            if depth == 0 { return index }
        }
        return text.endIndex
    }

    /// Targets without the strict settings, and settings that are not what `strict` promises.
    var violations: [String] {
        let lax = targets.filter { !$0.contains("swiftSettings: strict") }.map { "without strict settings: \($0.prefix(60))" }
        let promised = [
            ".strictMemorySafety()", "\"ExistentialAny\"", "\"MemberImportVisibility\"", "\"InternalImportsByDefault\"",
        ].filter { !settings.contains($0) }
        let language = text.hasPrefix("// swift-tools-version: 6.") ? [] : ["not in Swift 6 language mode"]
        return (targets.isEmpty ? ["no target"] : []) + lax + promised.map { "strict lacks \($0)" } + language
    }

    private var settings: Substring {
        guard let match = text.firstMatch(of: #/let strict: \[SwiftSetting\] = \[([^\]]*)\]/#) else { return "" }
        return match.1
    }

    /// One row per gateway adapter.
    var adapters: [(module: String, folder: String)] {
        text.matches(of: #/\("(\w+)", "([\w-]+)"\)/#).map { (String($0.1), String($0.2)) }
    }
}
