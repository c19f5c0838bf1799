/// Where the gateways' own names may stand: adding one must not touch the core.
enum GatewayName {
    static let catalog = "Sources/Drawbridge/AdapterCatalog+BuiltIn.swift"

    /// Comments may cite a protocol sheet by its name.
    static func violations(in files: [SourceFile], adapters: [(module: String, folder: String)]) -> [String] {
        files.filter { $0.isBelow(["Sources"]) && $0.path != catalog }.flatMap { file in
            file.lines.filter { line in
                adapters.contains {
                    line.code.contains($0.module) || line.texts.contains($0.module) || line.texts.contains($0.folder)
                }
            }.map { "\(file.path):\($0.number): \($0.code)" }
        }
    }
}
