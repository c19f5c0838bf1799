import AdapterKit
import Testing

@testable import Drawbridge

/// A bank for tests of routes, with the capabilities that its settings name.
private struct CapableAdapter: GatewayAdapter {
    static let name = "capable"
    static let summary = "A bank that can what its settings say."
    static let settings: [SettingDescription] = []
    static let loggableMembers: Set<String> = []

    let account: [String]
    let authentication = Authentication.none
    let capabilities: Capabilities

    init(settings: AdapterSettings) throws(SettingsFailure) {
        account = [try settings.requiredText("can")]
        let can = account[0].split(separator: "+")
        capabilities = Capabilities(
            operations: [.payment], methods: can.contains("pix") ? [.pix] : can.contains("upi") ? [.upi] : [.card],
            idempotency: .none, inquiryByReference: can.contains("inquiry"),
            notFoundFinalAfter: can.contains("proof") ? .seconds(90) : nil, acceptsSignedRequestFor: nil,
            reversal: can.contains("reversal"), lateSuccess: can.contains("late") ? .within(.seconds(300)) : .never)
    }

    func request(for operation: Operation) throws(EncodingFailure) -> GatewayRequest { throw EncodingFailure(reason: "test") }
    func outcome(of response: GatewayResponse, for operation: Operation) -> Outcome { .unknown(Unknown(reason: "test")) }
    func inquiryAnswer(of response: GatewayResponse, for operation: Operation) -> InquiryAnswer { .unanswered(reason: "test") }
}

@Suite struct RouteFailoverTests {
    /// `bank-a` can what is given, `bank-b` and `bank-c` can all.
    private static func read(_ can: String, routes: String) throws -> Configuration {
        let text = """
            tenants: { demo: { auth: none } }
            gateways:
              bank-a: { adapter: capable, base_url: "https://a.example", settings: { can: "\(can)" } }
              bank-b: { adapter: capable, base_url: "https://b.example", settings: { can: "inquiry+proof+reversal" } }
              bank-c: { adapter: capable, base_url: "https://c.example", settings: { can: "inquiry+proof+reversal" } }
            routes:
              - \(routes)
            """
        return try Configuration.read(
            text, file: LocalFile(path: "/etc/drawbridge/test.yaml"), environment: [:],
            adapters: AdapterCatalog([CapableAdapter.self]))
    }

    @Test(
        "each step of a route says when it may be taken",
        arguments: [
            ("inquiry+proof+reversal", "when unknown, once \"not found\" is final (90s after the last attempt ended)"),
            ("inquiry+proof", "when unknown, once \"not found\" is final (90s after the last attempt ended)"),
            ("inquiry+proof+late", "never when unknown: a late success there could not be given back"),
            ("inquiry", "never when unknown: its \"not found\" never proves that nothing happened"),
            ("reversal", "never when unknown: it cannot be asked by our reference"),
        ])
    func steps(can: String, words: String) throws {
        let configuration = try Self.read(can, routes: "{ gateways: [bank-a, bank-b] }")
        let report = ConfigurationReport(configuration, now: Timestamp(seconds: 1_800_000_000))
        let line = "routes[0]: bank-a → bank-b: when not processed; \(words)"
        #expect(report.isServable)
        #expect(report.failovers.map(\.text) == [line])
        #expect(report.text(color: false).contains("failover: \(line)\n"))
        let step = try #require(report.json["failovers"]?.elements?.first)
        #expect(step["from"]?.text == "bank-a")
        #expect(step["to"]?.text == "bank-b")
        #expect(step["text"]?.text == line)
        #expect(step["when_not_processed"]?.bool == true)
        #expect(step["when_unknown"]?.bool == words.hasPrefix("when unknown"))
        #expect(step["not_found_final_after"]?.text == (words.hasPrefix("when unknown") ? "90s" : nil))
    }

    @Test("three gateways make two steps, and declines that move on are named")
    func three() throws {
        let configuration = try Self.read(
            "inquiry+proof", routes: "{ gateways: [bank-a, bank-b, bank-c], failover_on_declines: [issuer_unavailable, other] }")
        let steps = configuration.failovers
        #expect(steps.map(\.from) == ["bank-a", "bank-b"])
        #expect(steps.map(\.to) == ["bank-b", "bank-c"])
        #expect(steps.allSatisfy { $0.text.contains("when declined with issuer_unavailable, other;") })
        #expect(configuration.failoverFindings.isEmpty)
    }

    @Test(
        "a route is refused where a gateway before the last can never be left, with its line and key",
        arguments: [
            ("[bank-a, bank-b]", "routes[0].gateways[0]"), ("[bank-b, bank-a, bank-c]", "routes[0].gateways[1]"),
        ])
    func never(gateways: String, key: String) throws {
        let reason =
            "a gateway that can be left: when it is unknown whether bank-a took a payment, it can neither be asked nor give it back"
        for can in ["none", "proof", "late", "proof+late"] {
            #expect { try Self.read(can, routes: "{ gateways: \(gateways) }") } throws: { error in
                let problems = (error as? ConfigurationProblems)?.all ?? []
                return problems.map(\.key) == [key] && problems.map(\.line) == [7]
                    && problems.allSatisfy { $0.file == "/etc/drawbridge/test.yaml" && $0.expected.hasPrefix(reason) }
            }
        }
    }

    @Test("a gateway that can never be left may stand last, or alone", arguments: ["[bank-b, bank-a]", "[bank-a]"])
    func last(gateways: String) throws {
        let configuration = try Self.read("none", routes: "{ gateways: \(gateways) }")
        #expect(configuration.failovers.allSatisfy { $0.from == "bank-b" })
    }

    @Test("declines that could move on are noted as void where there is one gateway")
    func declinesAlone() throws {
        let configuration = try Self.read("inquiry", routes: "{ gateways: [bank-a], failover_on_declines: [other] }")
        let notes = ConfigurationReport(configuration, now: Timestamp(seconds: 1_800_000_000)).findings.filter {
            $0.severity == .note
        }
        #expect(notes.map(\.key) == ["routes[0].failover_on_declines"])
        #expect(notes.first?.message == "without effect: the route has one gateway")
        #expect(notes.first?.line == 7)
        #expect(configuration.failovers.isEmpty)
    }

    @Test("a step to a gateway that takes no method of the one before can never be taken, and says so")
    func strangers() throws {
        let configuration = try Self.read("inquiry+proof+pix", routes: "{ gateways: [bank-a, bank-b] }")
        let report = ConfigurationReport(configuration, now: Timestamp(seconds: 1_800_000_000))
        #expect(
            report.failovers.map(\.text) == [
                "routes[0]: bank-a → bank-b: never: bank-b takes no method of payment that bank-a takes"
            ])
        let step = try #require(report.json["failovers"]?.elements?.first)
        #expect(step["when_not_processed"]?.bool == false)
        #expect(step["when_unknown"]?.bool == false)
        #expect(step["not_found_final_after"] == .null)
    }

    @Test(
        "a route is refused that names a gateway for methods of payment it does not take, with the reason",
        arguments: [
            ("pix", "[pix]", "[bank-a, bank-b]", "routes[0].gateways[1]", "bank-b takes card only"),
            ("upi", "[card, pix]", "[bank-b, bank-a]", "routes[0].gateways[1]", "bank-a takes upi only"),
            ("pix", "[upi]", "[bank-a]", "routes[0].gateways[0]", "bank-a takes pix only"),
        ])
    func foreignMethod(can: String, methods: String, gateways: String, key: String, reason: String) throws {
        #expect {
            try Self.read("inquiry+proof+\(can)", routes: "{ match: { method: \(methods) }, gateways: \(gateways) }")
        } throws: { error in
            let problems = (error as? ConfigurationProblems)?.all ?? []
            return problems.map(\.key) == [key] && problems.allSatisfy { $0.expected.hasSuffix(reason) }
        }
    }

    @Test("a gateway may stand in a route that has one method in common with it, or names none")
    func commonMethod() throws {
        for match in ["{ method: [pix, card] }", "{}"] {
            _ = try Self.read("inquiry+proof+pix", routes: "{ match: \(match), gateways: [bank-a, bank-b] }")
        }
    }
}
