import AdapterKit

/// Who we are at the provider, and what we ask of it, as the settings say it.
struct Account {
    static let standardScope = "cob.write cob.read pix.write pix.read"
    /// Characters of a `chave`.
    static let longestKey = 77
    private static let longestScope = 512

    let tokenURL: ServiceURL
    let clientID: String
    let clientSecret: Secret
    let scope: String
    let key: String
    let maximumLife: Duration
    let lateMargin: Duration
    let notFoundFinalAfter: Duration

    init(_ settings: AdapterSettings) throws(SettingsFailure) {
        try settings.allow(only: PixAdapter.settings.map(\.name))
        guard let url = try settings.url("token_url") else {
            throw settings.failure(of: "token_url", expected: "an address; it is required")
        }
        guard let secret = try settings.secret("client_secret") else {
            throw settings.failure(of: "client_secret", expected: "a secret; it is required")
        }
        tokenURL = url
        clientSecret = secret
        clientID = try Self.clientID(settings)
        scope = try Self.scope(settings)
        key = try settings.requiredText("key")
        guard Self.isKey(key) else {
            throw settings.failure(of: "key", expected: "a Pix key of 1 to \(Self.longestKey) characters")
        }
        maximumLife = try settings.duration("max_expires_in", in: .seconds(60)...(.seconds(2_592_000))) ?? .seconds(86_400)
        lateMargin = try settings.duration("late_margin", in: .seconds(1)...(.seconds(86_400))) ?? .seconds(600)
        notFoundFinalAfter = try settings.duration("not_found_final_after", in: .seconds(1)...(.seconds(3_600))) ?? .seconds(5)
    }

    static func isKey(_ text: String) -> Bool { (1...longestKey).contains(text.unicodeScalars.count) }

    /// HTTP Basic ends the client's id at the first colon (RFC 7617, 2).
    private static func clientID(_ settings: AdapterSettings) throws(SettingsFailure) -> String {
        let id = try settings.headerValue("client_id")
        guard !id.utf8.contains(UInt8(ascii: ":")) else {
            throw settings.failure(of: "client_id", expected: "an id without a colon")
        }
        return id
    }

    /// RFC 6749, 3.3: words of printable ASCII with blanks between them.
    private static func scope(_ settings: AdapterSettings) throws(SettingsFailure) -> String {
        let scope = try settings.text("scope") ?? standardScope
        guard scope.utf8.count <= longestScope, scope.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw settings.failure(of: "scope", expected: "scopes in printable ASCII with blanks between them")
        }
        return scope
    }
}
