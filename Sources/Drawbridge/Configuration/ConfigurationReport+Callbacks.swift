import AdapterKit
import Payments

extension Configuration {
    /// How each gateway's callbacks are proved, and whose cannot be.
    func callbackFindings(at now: Timestamp) -> [ConfigurationFinding] {
        gateways.flatMap { gateway -> [ConfigurationFinding] in
            guard let policy = gateway.callback else { return [] }
            let key = "gateways.\(gateway.name).callback"
            let warnings = policy.scheme.warnings(at: now).map { finding(.warning, key, $0) }
            return warnings + [finding(.note, key, policy.summary)]
        }
    }
}

extension CallbackPolicy {
    /// One sentence for people.
    fileprivate var summary: String {
        let networks = allowedNetworks.isEmpty ? "any address" : allowedNetworks.map(\.description).joined(separator: ", ")
        return "callbacks from \(networks) are \(isHint ? "hints: they are not believed, only asked about" : proof)"
    }

    private var proof: String {
        let certificate = certificateSubject.map { "the client certificate of \($0)" }
        guard let signature = scheme.signature else { return "proved by \(certificate ?? "nothing") alone" }
        let proofs = [signature, certificate].compactMap { $0 }.joined(separator: " and ")
        return "proved by \(proofs), within \(tolerance.written) of now"
    }
}

extension CallbackScheme {
    fileprivate var signature: String? {
        switch self {
        case .hmacV1(let keys): "HMAC-SHA-256 (scheme v1, \(Self.count(keys.count, "key")))"
        case .standardWebhooks(let secrets): "Standard Webhooks (v1, \(Self.count(secrets.count, "secret")))"
        case .timestamped(let header, let secrets): "HMAC-SHA-256 in \(header) (\(Self.count(secrets.count, "secret")))"
        case .nonceSigned(let scheme):
            "HMAC-SHA-256 with a nonce (\(Self.count(scheme.keys.count, "key")))"
                + (scheme.payload == nil ? "" : " and the sender's own ECDSA key")
        case .unsigned: nil
        }
    }

    private var keys: [SigningKey] {
        switch self {
        case .hmacV1(let keys): keys
        case .nonceSigned(let scheme): scheme.keys
        case .standardWebhooks, .timestamped, .unsigned: []
        }
    }

    private static func count(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    fileprivate func warnings(at now: Timestamp) -> [String] {
        guard !keys.isEmpty else { return [] }
        let weak = keys.filter { $0.secret.bytes.count < 16 }.map {
            "the secret of \($0.id) has fewer than 16 bytes: it can be guessed"
        }
        let isOver = keys.allSatisfy { $0.notAfter.map { $0 <= now } ?? false }
        return weak + (isOver ? ["every key is past its not_after: all callbacks of this gateway are refused"] : [])
    }
}
