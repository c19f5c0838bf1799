import AdapterKit
import Payments
import Signing

extension Configuration {
    /// A payment service, or a merchant, that may call the API.
    struct Tenant: Sendable, Equatable {
        enum Auth: String, Sendable, CaseIterable { case hmac, jwt, none }

        let id: String
        var auth: Auth = .hmac
        /// All are accepted, so that keys rotate without a gap.
        var keys: [SigningKey] = []
        var jwt: JWT?
        var rate = Rate()
        var gateways = Selection.all
        var webhooks: [Webhook] = []

        init(id: String) { self.id = id }
    }

    struct JWT: Sendable, Equatable {
        enum KeySource: Sendable, Equatable {
            case file(LocalFile)
            case url(WebAddress)
        }

        var issuer: String
        var audience: String
        var jwks: KeySource
        /// To which addresses the URL's name may lead.
        var addresses = AddressPolicy.publicOnly
    }

    struct Rate: Sendable, Equatable {
        var perSecond = 500
        var burst = 1_000
    }

    /// `all`, or the names in a list.
    enum Selection: Sendable, Equatable {
        case all
        case only([String])

        func contains(_ name: String) -> Bool {
            switch self {
            case .all: true
            case .only(let names): names.contains(name)
            }
        }
    }

    struct Webhook: Sendable, Equatable {
        var url: WebAddress
        /// The key bytes, newest first: all sign, so that they rotate without a gap.
        var secrets: [Secret]
        var events = Selection.all
        var addresses: AddressPolicy

        /// The same for every way to write the URL.
        fileprivate var place: String { "\(url.address)".lowercased() + url.target }
    }
}

extension ConfigurationSection {
    /// `all` or a list of at least one.
    func selection(_ name: String, of syntax: ValueSyntax<String>, expected: String) -> Configuration.Selection {
        guard let member = given(name), member.value.content != .text("all") else { return .all }
        guard case .list(let elements) = member.value.content, !elements.isEmpty else {
            problem(name, expected)
            return .all
        }
        return .only(list(name, of: syntax) ?? [])
    }
}

extension Configuration.Tenant {
    /// - `auth` (`hmac`, `jwt` or `none`, default `hmac`), `keys` (list; required for hmac), `jwt` (section; required for jwt)
    /// - `rate` (section), `gateways` (`all` or a list, default `all`), `webhooks` (list, default none)
    init(id: String, _ section: ConfigurationSection) {
        self.init(id: id)
        section.read("auth", .word, into: &auth)
        readKeys(section)
        jwt = section.section("jwt") { Configuration.JWT($0) } ?? nil
        section.read("rate", into: &rate) { Configuration.Rate($0) }
        gateways = section.selection("gateways", of: section.gatewayName, expected: "all, or a list of gateways")
        readWebhooks(section)
        if auth == .jwt, section.given("jwt") == nil {
            section.problem("jwt", "a section of issuer, audience and jwks; auth is jwt")
        }
    }

    private mutating func readKeys(_ section: ConfigurationSection) {
        var ids: Set<String> = []
        let read = section.sections("keys") { element in
            let key = SigningKey(element)
            if let key, !ids.insert(key.id).inserted { element.problem("id", "an id that no other key of the tenant has") }
            return key
        }
        keys = read ?? []
        let isEmpty = section.given("keys").map { $0.value.content == .list([]) } ?? true
        if auth == .hmac, isEmpty { section.problem("keys", "at least one key, as {id, secret}; auth is hmac") }
    }

    private mutating func readWebhooks(_ section: ConfigurationSection) {
        var places: Set<String> = []
        let read = section.sections("webhooks") { element in
            let webhook = Configuration.Webhook(element)
            if let webhook, !places.insert(webhook.place).inserted {
                element.problem("url", "a URL that no other webhook of the tenant has")
            }
            return webhook
        }
        webhooks = read ?? []
    }
}

extension SigningKey {
    /// - `id` (text, required), `secret` (secret, required), `not_after` (time, default never)
    fileprivate init?(_ section: ConfigurationSection) {
        let id = section.required("id", .keyID)
        let secret = section.secret("secret", required: true)
        let notAfter = section.value("not_after", .timestamp)
        guard let id, let secret else { return nil }
        self.init(id: id, secret: secret, notAfter: notAfter)
    }
}

extension ValueSyntax<Timestamp> {
    static var timestamp: Self {
        Self(expected: "a time in UTC such as 2026-01-02T03:04:05Z") { content in
            guard case .text(let text) = content else { return nil }
            return Timestamp(wholeSecondsRFC3339: text)
        }
    }
}

extension Configuration.JWT {
    /// - `issuer`, `audience` (texts, required), `jwks` (path or URL, required)
    /// - `allow_private_addresses` (`false`, `true` or `report`; default `true` where the URL's host is written as loopback, else `false`)
    init?(_ section: ConfigurationSection) {
        let issuer = section.required("issuer", .text)
        let audience = section.required("audience", .text)
        let keys = section.required("jwks", .keySource(section.reading.secrets))
        let addresses = section.value("allow_private_addresses", .addressPolicy)
        guard let issuer, let audience, let keys else { return nil }
        self.init(issuer: issuer, audience: audience, jwks: keys, addresses: addresses ?? keys.usualAddresses)
    }
}

extension Configuration.JWT.KeySource {
    fileprivate var usualAddresses: AddressPolicy {
        switch self {
        case .file: .publicOnly
        case .url(let url): AddressPolicy(forHostWritten: url.address.host.text)
        }
    }
}

extension ValueSyntax<Configuration.JWT.KeySource> {
    static func keySource(_ secrets: SecretResolver) -> Self {
        Self(expected: "a path, or an https:// URL (http:// only for loopback)") { content in
            guard case .text(let text) = content, !text.isEmpty else { return nil }
            guard text.contains("://") else {
                let file = LocalFile(path: text, relativeTo: secrets.folder)
                secrets.files.note(file)
                return .file(file)
            }
            return ValueSyntax<WebAddress>.secureAddress.parse(content).map { .url($0) }
        }
    }
}

extension Configuration.Rate {
    /// - `per_second` (1 to 1,000,000, default 500), `burst` (1 to 1,000,000, default 1000)
    init(_ section: ConfigurationSection) {
        section.read("per_second", .integer(1...1_000_000), into: &perSecond)
        section.read("burst", .integer(1...1_000_000), into: &burst)
    }
}

extension Configuration.Webhook {
    private static let maximumSecrets = 4

    /// - `url` (https, required), `events` (`all` or a list of event types, default `all`)
    /// - `allow_private_addresses` (`false`, `true` or `report`; default `true` where the URL's host is written as loopback, else `false`)
    /// - `secret` (secret, required: 1 to 4 signing secrets with blanks between them, the newest first)
    init?(_ section: ConfigurationSection) {
        let url = section.required("url", .secureAddress)
        let secret = section.secret("secret", required: true) {
            Self.secrets(in: $0) == nil
                ? "1 to \(Self.maximumSecrets) secrets with blanks between them, each whsec_ and base64 of 24 to 64 bytes" : nil
        }
        let types = ValueSyntax<PaymentEvent.Kind>.word
        let name = ValueSyntax<String>.text(types.expected) { types.parse(.text($0)) != nil }
        events = section.selection("events", of: name, expected: "all, or a list of event types")
        let addresses = section.value("allow_private_addresses", .addressPolicy)
        guard let url, let secrets = secret.flatMap(Self.secrets) else { return nil }
        self.url = url
        self.addresses = addresses ?? AddressPolicy(forHostWritten: url.address.host.text)
        self.secrets = secrets
    }

    private static func secrets(in secret: Secret) -> [Secret]? {
        let parts = secret.bytes.split { " \t\r\n".utf8.contains($0) }
        let secrets = parts.compactMap { StandardWebhooks.secret(Secret(Array($0))) }.filter {
            (24...64).contains($0.bytes.count)
        }
        return (1...maximumSecrets).contains(parts.count) && secrets.count == parts.count ? secrets : nil
    }
}
