import AdapterKit

/// What an access token says (RFC 7519, RFC 9068), read once its signature holds.
///
/// Not by JWTKit: its decoder takes repeated members, and its audience claim ends the process on an empty list.
struct TokenClaims {
    /// The end of the year 9999: later times are no times.
    private static let seconds = 0.0...253_402_300_799
    private static let maximumAudiences = 100

    let issuer: String
    let audiences: [String]
    let expires: Timestamp
    let notBefore: Timestamp?
    let issued: Timestamp?
    /// `nil` where it is missing or no text: the token is then no tenant's.
    let tenant: String?

    init?(_ payload: [UInt8]) {
        guard let json = try? JSON(parsing: payload), let issuer = json["iss"]?.text, let audiences = Self.audiences(json["aud"]),
            let expires = Self.time(json["exp"])
        else { return nil }
        notBefore = Self.time(json["nbf"])
        issued = Self.time(json["iat"])
        // Given, they must be times.
        guard (notBefore == nil) == (json["nbf"] == nil), (issued == nil) == (json["iat"] == nil) else { return nil }
        self.issuer = issuer
        self.audiences = audiences
        self.expires = expires
        tenant = json["tenant_id"]?.text
    }

    /// One text, or a list of texts.
    private static func audiences(_ claim: JSON?) -> [String]? {
        if let one = claim?.text { return [one] }
        guard let elements = claim?.elements, elements.count <= maximumAudiences else { return nil }
        let texts = elements.compactMap(\.text)
        return texts.count == elements.count ? texts : nil
    }

    /// Seconds since the epoch, perhaps with a fraction.
    private static func time(_ claim: JSON?) -> Timestamp? {
        let value: Double? =
            switch claim {
            case .integer(let value): Double(value)
            case .number(let text): Double(text)
            default: nil
            }
        guard let value, seconds.contains(value) else { return nil }
        return Timestamp(milliseconds: Int64(value * 1000))
    }
}
