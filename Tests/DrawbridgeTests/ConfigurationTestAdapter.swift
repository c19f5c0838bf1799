import AdapterKit

@testable import Drawbridge

/// What adapters for tests of the configuration have in common: nothing is behind their settings.
protocol ConfigurationTestAdapter: GatewayAdapter {}

extension ConfigurationTestAdapter {
    static var summary: String { "A bank for tests of the configuration." }
    static var loggableMembers: Set<String> { [] }

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

/// An adapter that knows no callbacks.
struct SilentAdapter: ConfigurationTestAdapter {
    static let name = "silent-bank"
    static let settings: [SettingDescription] = []

    let account: [String] = []

    init(settings: AdapterSettings) {}
}

/// An adapter with the settings of bank-hmac.
struct SettingsOnlyAdapter: ConfigurationTestAdapter {
    static let name = "bank-hmac"
    static let settings = [
        SettingDescription("tenant", "our client id", required: true), SettingDescription("key_id", "the key's id"),
        SettingDescription("secret", "the key"), SettingDescription("keys", "keys that rotate"),
    ]
    static let callbackSettings = [
        SettingDescription("keys", "keys of scheme v1"), SettingDescription("webhook_secret", "instead: Standard Webhooks"),
        SettingDescription("unsigned", "instead: nothing signs"),
    ]

    let secrets: [Secret]
    let account: [String]

    init(settings: AdapterSettings) throws(SettingsFailure) {
        try settings.allow(only: Self.settings.map(\.name))
        account = [try settings.requiredText("tenant")]
        var secrets = [try settings.secret("secret")]
        for section in try settings.sections("keys") { secrets.append(try section.secret("secret")) }
        self.secrets = secrets.compactMap { $0 }
    }

    func callbackScheme(_ settings: AdapterSettings) throws(SettingsFailure) -> CallbackScheme {
        try settings.allow(only: Self.callbackSettings.map(\.name))
        if try settings.flag("unsigned", default: false) { return .unsigned }
        if let secret = try settings.secret("webhook_secret") { return .standardWebhooks([secret]) }
        var keys: [SigningKey] = []
        for section in try settings.sections("keys") {
            guard let secret = try section.secret("secret") else { throw section.failure(of: "secret", expected: "a secret") }
            keys.append(
                SigningKey(id: try section.requiredText("id"), secret: secret, notAfter: try section.timestamp("not_after")))
        }
        guard !keys.isEmpty else { throw settings.failure(of: "keys", expected: "at least one key") }
        return .hmacV1(keys)
    }
}

/// Reads texts as if they stood in `/etc/drawbridge/test.yaml`.
enum ConfigurationText {
    static let adapters = AdapterCatalog([SettingsOnlyAdapter.self, SilentAdapter.self])

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
