extension NewAdapter {
    var sampleTest: String {
        #"""
        \#(imports("AdapterKit"))

        extension \#(module)Adapter {
            /// An adapter with settings that are right, or others.
            static func sample(_ settings: String = #"{"account":"acme-123","api_key":"text:k3y-for-tests-only"}"#) throws -> Self {
                let values = try JSON(parsing: Array(settings.utf8))
                return try Self(settings: AdapterSettings(values: values, secrets: plainText))
            }

            private static let plainText: AdapterSettings.SecretSource = { reference throws(AdapterSettings.SecretFailure) in
                guard reference.hasPrefix("text:") else { throw AdapterSettings.SecretFailure(expected: "text:") }
                return Secret(text: String(reference.dropFirst(5)))
            }
        }

        """#
    }

    var conformanceTest: String {
        #"""
        \#(imports("AdapterKit", "Foundation", "TestKit", "Testing"))

        @Suite struct ConformanceTests {
            private static func failures() throws -> [ConformanceFailure] {
                let folder = try #require(Bundle.module.resourcePath) + "/Fixtures"
                // FILL IN: the gateway's currencies, and members of an answer that may be missing or null.
                return AdapterConformance(
                    try \#(module)Adapter.sample(),
                    fixtures: try AdapterFixture.all(in: folder), callbacks: try CallbackFixture.all(in: folder),
                    declineCategories: \#(module)Adapter.declineCategories,
                    currencies: ["BRL"].compactMap(Currency.init), optionalMembers: []
                ).failures()
            }

            /// Where adapters/README.md says what is to be done, for the rules that a new adapter does not hold yet.
            private static func step(_ rule: ConformanceFailure.Rule) -> String {
                switch rule {
                case .encodesEveryOperation: "Write request(for:), or declare fewer operations: adapters/README.md, step 4."
                case .coversOperations: "Write a fixture of the gateway's own word for it: adapters/README.md, step 6."
                default: "adapters/README.md, step 7."
                }
            }

            @Test("every adapter", arguments: ConformanceFailure.Rule.allCases)
            func conformance(rule: ConformanceFailure.Rule) throws {
                let broken = try Self.failures().filter { $0.rule == rule }.map(\.description)
                #expect(broken.isEmpty, Comment(rawValue: (broken + [Self.step(rule)]).joined(separator: "\n")))
            }

            @Test func `the summary says what the gateway is`() {
                #expect(!\#(module)Adapter.summary.contains("FILL IN"))
            }

            @Test(
                "settings that are wrong are refused",
                arguments: [
                    "{}", #"{"account":"acme-123"}"#, #"{"api_key":"text:k"}"#, #"{"account":"","api_key":"text:k"}"#,
                    #"{"account":"acme-123","api_key":"k"}"#, #"{"account":"acme-123","api_key":"text:k","else":1}"#,
                ])
            func settings(json: String) {
                #expect(throws: SettingsFailure.self) { try \#(module)Adapter.sample(json) }
            }
        }

        """#
    }

    /// The imports of these modules and the adapter's own, in the order that the format asks for.
    private func imports(_ modules: String...) -> String {
        (modules + [module]).sorted().map { "import \($0)" }.joined(separator: "\n")
    }

    var fixture: String {
        """
        {"operation":"payment",
         "response":{"status":500,"headers":{},"body":""},
         "expect":{"kind":"unknown","reason":"unexpected_status"}}

        """
    }
}
