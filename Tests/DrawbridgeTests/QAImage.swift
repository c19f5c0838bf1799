import Foundation

/// The Dockerfile with what is sent to it, and what must hold of them.
struct QAImage {
    struct Stage {
        let name: String
        let base: String
        var instructions: [String] = []

        var hasHealthCheck: Bool { instructions.contains { $0.hasPrefix("HEALTHCHECK ") && !$0.hasSuffix(" NONE") } }
        var user: String? { instructions.last { $0.hasPrefix("USER ") }.map { String($0.dropFirst(5)) } }
    }

    let stages: [Stage]
    private let allowed: [String]
    private let products: [String]
    private let targetFolders: [String]

    init(dockerfile: String, dockerignore: String, manifest: String) {
        stages = Self.stages(of: dockerfile)
        allowed = dockerignore.split(separator: "\n").filter { $0.hasPrefix("!") }.map { String($0.dropFirst()) }
        products = manifest.matches(of: #/\.executable\(name: "([^"]+)"/#).map { String($0.output.1) }
        let paths = manifest.matches(of: #/path: "([^"/\\]+)/#).map { String($0.output.1) }
        targetFolders = Set(paths + ["Sources", "Tests"]).sorted()
    }

    /// A version that names one release: neither nothing nor `latest`.
    static func isPinned(_ image: String) -> Bool { image.contains(#/:(?!latest$)[\w.-]+$/#) }

    func stage(_ name: String?) -> Stage? { stages.first { $0.name == name } }

    private static func stages(of text: String) -> [Stage] {
        let lines = text.replacing("\\\n", with: " ").split(separator: "\n").filter { !$0.hasPrefix("#") }
        return lines.reduce(into: []) { stages, line in
            if let match = line.wholeMatch(of: #/FROM (\S+) AS (\S+)/#) {
                stages.append(Stage(name: String(match.output.2), base: String(match.output.1)))
            } else if !stages.isEmpty {
                stages[stages.count - 1].instructions.append(String(line))
            }
        }
    }

    var problems: [String] { (stages.flatMap(problems) + buildProblems).map { "deploy/Dockerfile: \($0)" } }

    private func problems(of stage: Stage) -> [String] {
        let copies = stage.instructions.compactMap { $0.wholeMatch(of: #/COPY (?:--from=(\S+) )?(\S+) (\S+)/#)?.output }
        let owner = stage.user?.prefix { $0 != ":" } ?? "root"
        var problems = QASetup.broken([
            (Self.isPinned(stage.base), "\(stage.base) has no version"),
            (stage.name == "build" || !["root", "0"].contains(owner), "\(stage.name) runs as root"),
        ])
        for (_, origin, source, _) in copies {
            if let origin {
                if self.stage(String(origin)) == nil { problems.append("no stage \(origin)") }
            } else {
                problems += QASetup.broken([
                    (QASetup.exists(String(source)), "\(source) is not there"),
                    (allowed.contains(String(source)), ".dockerignore keeps \(source) out"),
                ])
            }
        }
        return problems
    }

    /// The product exists, and the folders that SwiftPM asks for are there.
    private var buildProblems: [String] {
        let instructions = stage("build")?.instructions ?? []
        let built = instructions.flatMap { $0.matches(of: #/--product (\S+)/#) }.map { String($0.output.1) }
        let copied = instructions.compactMap { $0.wholeMatch(of: #/COPY (\S+) \./(\S+)/#)?.output }
        var problems = QASetup.broken([(!built.isEmpty, "builds no product")])
        problems += built.filter { !products.contains($0) }.map { "Package.swift has no product \($0)" }
        for folder in targetFolders where !copied.contains(where: { $0.1 == $0.2 && $0.1 == folder }) {
            problems.append("a target of Package.swift lies in \(folder)")
        }
        return problems
    }
}
