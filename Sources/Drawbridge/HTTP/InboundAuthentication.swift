import AdapterKit
import HTTPTypes
import Payments
import Signing

/// Finds out which tenant sends a request, and holds the proof against it.
struct InboundAuthentication: Sendable {
    enum Scheme: Sendable {
        case hmac(KeyRing)
        /// Anybody on this machine; refused off loopback by the configuration.
        case none
        case jwt(BearerAuthentication)
    }

    /// Who sent a request, and what showed it.
    struct Authenticated: Equatable {
        let tenant: String
        /// The id of the key, at most 64 characters; `nil` where none was asked for.
        let credential: String?
    }

    struct Message {
        var method: String
        var target: String
        var body: [UInt8]
        var headers: InboundHeaders
    }

    private static let window = TimestampWindow()
    /// Compared against when the key is unknown, so that the answer takes as long.
    private static let stranger = Secret(text: "not a key of anybody")

    private let tenants: [String: Scheme]

    init(tenants: [String: Scheme]) { self.tenants = tenants }

    /// The tenant, once the request proved that it is from there.
    func tenant(of message: Message, at now: Timestamp) async throws(Problem) -> Authenticated {
        let tenant = try message.headers.tenant()
        switch tenants[tenant] {
        case nil:
            throw Problem(
                .unauthenticated, "X-Tenant-Id names no tenant of this deployment.",
                errors: [.init("/headers/X-Tenant-Id", "names no tenant")])
        case .some(.none): return Authenticated(tenant: tenant, credential: nil)
        case .jwt(let bearer):
            return Authenticated(
                tenant: tenant, credential: try await bearer.credential(message.headers, for: tenant, at: now))
        case .hmac(let ring):
            return Authenticated(tenant: tenant, credential: try verify(message, tenant: tenant, ring: ring, at: now))
        }
    }

    /// `WWW-Authenticate` of a 401 (RFC 6750): for tenants who show access tokens.
    func challenge(_ headers: HTTPFields, _ problem: Problem) -> String? {
        guard problem.code.status == 401, let tenant = try? InboundHeaders(headers).tenant(), case .jwt = tenants[tenant] else {
            return nil
        }
        return problem.code == .unauthenticated ? "Bearer" : #"Bearer error="invalid_token""#
    }

    /// - Returns: the id of the key.
    private func verify(_ message: Message, tenant: String, ring: KeyRing, at now: Timestamp) throws(Problem) -> String {
        let keyID = try required("X-Key-Id", message)
        let timestamp = try required("X-Timestamp", message)
        let signature = try required("X-Signature", message)
        let signed = HMACV1.Request(
            method: message.method, target: message.target, body: message.body, tenant: tenant,
            idempotencyKey: try message.headers.single("Idempotency-Key") ?? "", timestamp: timestamp)
        let secrets = ring.verifying(id: keyID, at: now).map(\.secret)
        guard HMACV1.verify(signature, of: signed, with: secrets.isEmpty ? [Self.stranger] : secrets), !secrets.isEmpty else {
            if isSigned(signed, by: keyID, ofAnotherThan: tenant, signature, at: now) {
                throw Problem(
                    .tenantMismatch, "The key belongs to another tenant than X-Tenant-Id names.",
                    errors: [.init("/headers/X-Tenant-Id", "is not the tenant of X-Key-Id")])
            }
            throw Problem(
                .signatureInvalid, "X-Signature does not hold for this request and X-Key-Id.",
                errors: [.init("/headers/X-Signature", "does not hold")])
        }
        guard let sent = Timestamp(wholeSecondsRFC3339: timestamp), Self.window.contains(sent, at: now) else {
            throw Problem(
                .timestampOutOfWindow,
                "X-Timestamp must be UTC, such as \(now.rfc3339WholeSeconds), and within 5 minutes of now.",
                errors: [.init("/headers/X-Timestamp", "must be within 5 minutes of now")])
        }
        return keyID
    }

    private func required(_ name: String, _ message: Message) throws(Problem) -> String {
        guard let value = try message.headers.single(name) else {
            throw Problem(.unauthenticated, "\(name) is missing.", errors: [.init("/headers/\(name)", "is required")])
        }
        return value
    }

    /// Told only to somebody who holds the other tenant's key.
    private func isSigned(
        _ request: HMACV1.Request, by keyID: String, ofAnotherThan tenant: String, _ signature: String, at now: Timestamp
    ) -> Bool {
        tenants.contains { name, scheme in
            guard name != tenant, case .hmac(let ring) = scheme else { return false }
            let secrets = ring.verifying(id: keyID, at: now).map(\.secret)
            return !secrets.isEmpty && HMACV1.verify(signature, of: request, with: secrets)
        }
    }
}

extension InboundAuthentication {
    init(_ configuration: Configuration, keySets: KeySets) {
        var schemes: [String: Scheme] = [:]
        for tenant in configuration.tenants {
            switch tenant.auth {
            case .hmac: schemes[tenant.id] = .hmac(KeyRing(tenant.keys))
            case .jwt: schemes[tenant.id] = tenant.jwt.map { .jwt(BearerAuthentication($0, keys: keySets.cache(for: $0))) }
            case .none: schemes[tenant.id] = Scheme.none
            }
        }
        self.init(tenants: schemes)
    }
}
