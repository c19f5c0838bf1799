import AdapterKit

@testable import Drawbridge

/// An adapter with the settings of bank-hmac and nothing behind them.
struct SettingsOnlyAdapter: GatewayAdapter {
    static let name = "bank-hmac"
    static let summary = "A bank for tests of the configuration."
    static let settings = [
        SettingDescription("tenant", "our client id", required: true), SettingDescription("key_id", "the key's id"),
        SettingDescription("secret", "the key"), SettingDescription("keys", "keys that rotate"),
    ]
    static let loggableMembers: Set<String> = []

    let secrets: [Secret]
    let account: [String]

    init(settings: AdapterSettings) throws(SettingsFailure) {
        try settings.allow(only: Self.settings.map(\.name))
        account = [try settings.requiredText("tenant")]
        var secrets = [try settings.secret("secret")]
        for section in try settings.sections("keys") { secrets.append(try section.secret("secret")) }
        self.secrets = secrets.compactMap { $0 }
    }

    var authentication: Authentication { .none }
    var capabilities: Capabilities {
        Capabilities(
            operations: [.payment, .inquiry], methods: [.card], idempotency: .forever, inquiryByReference: true,
            notFoundFinalAfter: .seconds(2), acceptsSignedRequestFor: .seconds(300), reversal: true,
            lateSuccess: .within(.seconds(300)))
    }

    func request(for operation: Operation) throws(EncodingFailure) -> GatewayRequest { throw EncodingFailure(reason: "test") }
    func outcome(of response: GatewayResponse, for operation: Operation) -> Outcome { .unknown(Unknown(reason: "test")) }
    func inquiryAnswer(of response: GatewayResponse, for operation: Operation) -> InquiryAnswer { .unanswered(reason: "test") }
}

/// Reads texts as if they stood in `/etc/drawbridge/test.yaml`.
enum ConfigurationText {
    static let adapters = AdapterCatalog([SettingsOnlyAdapter.self])

    /// The least that a file must say.
    static let minimal = """
        tenants:
          demo: { auth: none }
        gateways:
          bank-a: { adapter: bank-hmac, base_url: "https://bank.example:9443", settings: { tenant: acme } }
        routes:
          - { gateways: [bank-a] }
        """

    static func read(_ text: String, environment: [String: String] = [:]) throws -> Configuration {
        try Configuration.read(
            text, file: LocalFile(path: "/etc/drawbridge/test.yaml"), environment: environment, adapters: adapters)
    }

    static func problems(_ text: String, environment: [String: String] = [:]) -> [ConfigurationProblem] {
        do {
            _ = try Configuration.read(
                text, file: LocalFile(path: "/etc/drawbridge/test.yaml"), environment: environment, adapters: adapters)
            return []
        } catch { return error.all }
    }
}
