/// Where the gateways' own names may stand: adding one must not touch the core.
enum GatewayName {
    static let catalog = "Sources/Drawbridge/AdapterCatalog+BuiltIn.swift"

    /// Methods of payment that the normalised API names: a gateway may be called like one.
    private static let methods: Set = ["card", "pix", "upi", "wallet"]

    /// Comments may cite a protocol sheet by its name.
    static func violations(in files: [SourceFile], adapters: [(module: String, folder: String)]) -> [String] {
        files.filter { $0.isBelow(["Sources"]) && $0.path != catalog }.flatMap { file in
            file.lines.filter { line in
                adapters.contains { adapter in
                    line.code.contains("\(adapter.module)Adapter") || line.code.contains("import \(adapter.module)")
                        || names(adapter).contains { line.texts.contains($0) }
                }
            }.map { "\(file.path):\($0.number): \($0.code)" }
        }
    }

    private static func names(_ adapter: (module: String, folder: String)) -> [String] {
        methods.contains(adapter.folder) ? [] : [adapter.module, adapter.folder]
    }
}
