import AdapterKit
import Payments

/// Holds an OIDC access token against what one tenant's configuration demands of it.
struct BearerAuthentication: Sendable {
    /// For clocks that differ.
    private static let leeway = Duration.seconds(60)
    private static let pointer = "/headers/Authorization"
    /// Whole seconds.
    private static let comeAgain = 5

    let issuer: String
    let audience: String
    let keys: KeySetCache

    init(_ jwt: Configuration.JWT, keys: KeySetCache) {
        issuer = jwt.issuer
        audience = jwt.audience
        self.keys = keys
    }

    /// The id of the key that proved the tenant, once the token proved it: `jwt:` and the key's id.
    func credential(_ headers: InboundHeaders, for tenant: String, at now: Timestamp) async throws(Problem) -> String {
        guard let token = SignedToken(try Self.token(headers)) else { throw Self.refusal }
        switch await keys.key(token.keyID) {
        case .unknown: throw Self.refusal
        case .unavailable: throw Self.keysUnavailable
        case .key(let key): guard key.holds(token) else { throw Self.refusal }
        }
        guard let claims = TokenClaims(token.payload), claims.issuer == issuer, claims.audiences.contains(audience) else {
            throw Self.refusal
        }
        try Self.check(claims, at: now)
        guard claims.tenant == tenant else {
            throw Problem(
                .tenantMismatch, "The token's tenant_id is not the tenant that X-Tenant-Id names.",
                errors: [.init("/headers/X-Tenant-Id", "is not the tenant of the access token")])
        }
        return Self.credential(token.keyID)
    }

    private static func token(_ headers: InboundHeaders) throws(Problem) -> String {
        let parts = (try headers.single("Authorization"))?.split(separator: " ", maxSplits: 1) ?? []
        guard parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw Problem(
                .unauthenticated, "Send Authorization: Bearer and an access token.",
                errors: [.init(pointer, "must be Bearer and an access token")])
        }
        return parts[1].drop { $0 == " " }.description
    }

    private static func check(_ claims: TokenClaims, at now: Timestamp) throws(Problem) {
        let latest = now + leeway
        guard now < claims.expires + leeway, claims.notBefore.map({ $0 <= latest }) ?? true,
            claims.issued.map({ $0 <= latest }) ?? true
        else {
            throw Problem(
                .timestampOutOfWindow, "The access token is expired, or not valid yet.",
                errors: [.init(pointer, "is outside its time")])
        }
    }

    /// One answer for everything that does not hold: which part it was helps only who forges.
    private static let refusal = Problem(
        .signatureInvalid, "The access token does not hold for this tenant.", errors: [.init(pointer, "does not hold")])

    /// Not 401: the token may be good. Of the contract's codes, the one that tells the caller to send the same key again.
    private static let keysUnavailable = Problem(
        .stateStoreUnavailable, "The keys of the token's issuer cannot be read now. Nothing was done: send it again.",
        retryAfter: comeAgain)

    /// At most 64 characters, for the audit trail; an issuer's ids are of any shape.
    private static func credential(_ keyID: String) -> String {
        let safe = keyID.utf8.prefix(60).map { ValueSyntax<String>.isAlphanumeric($0) || "._-".utf8.contains($0) ? $0 : 0x5F }
        return "jwt:" + String(decoding: safe, as: UTF8.self)
    }
}
