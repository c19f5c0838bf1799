/// How a gateway lets us in for a while: a token that is fetched with our credentials and sent as `Authorization: Bearer` with every
/// request. The adapter says how to get one and reads it; the runtime fetches it once for all callers, renews it ahead of its end,
/// and once more when a request is answered 401.
public struct Session: Sendable, Equatable {
    /// Where tokens are given out. The connection is made as to the gateway itself: same authorities, certificate and pins.
    public var service: ServiceURL
    public var method: GatewayRequest.Method
    public var headers: Headers
    public var body: [UInt8]
    /// Sent as HTTP Basic (RFC 7617).
    public var user: String
    public var password: Secret

    public init(
        service: ServiceURL, method: GatewayRequest.Method = .post, headers: Headers, body: [UInt8], user: String,
        password: Secret
    ) {
        self.service = service
        self.method = method
        self.headers = headers
        self.body = body
        self.user = user
        self.password = password
    }

    /// OAuth 2.0 client credentials (RFC 6749, 4.4), the client authenticated by HTTP Basic.
    public static func clientCredentials(at service: ServiceURL, client: String, secret: Secret, scope: String?) -> Session {
        let fields = [("grant_type", "client_credentials")] + (scope.map { [("scope", $0)] } ?? [])
        return Session(
            service: service, headers: Headers([("Content-Type", Form.contentType), ("Accept", "application/json")]),
            body: Form.encoded(fields), user: client, password: secret)
    }
}

/// What lets us in until it ends.
public struct SessionToken: Sendable, Equatable {
    public var secret: Secret
    /// How long it lasts from its request on.
    public var lifetime: Duration

    public init(secret: Secret, lifetime: Duration) {
        self.secret = secret
        self.lifetime = lifetime
    }
}

extension SessionToken {
    /// Seconds: what a token lasts whose gateway names no time, and the longest that is believed.
    private static let standardLifetime: Int64 = 300
    private static let longestLifetime: Int64 = 86_400
    /// Bytes.
    private static let longestToken = 8192

    /// RFC 6749, 5.1: `access_token`, `token_type` (Bearer, however written) and `expires_in` in seconds.
    /// - Returns: `nil` for anything else.
    public init?(oauth2 response: GatewayResponse) {
        guard response.status == 200, let body = try? AnswerReader(response.body), let token = try? body.text("access_token"),
            let kind = try? body.text("token_type"), kind.lowercased() == "bearer",
            let seconds = try? body.optionalInteger("expires_in") ?? Self.standardLifetime, seconds > 0,
            (1...Self.longestToken).contains(token.utf8.count), token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        self.init(secret: Secret(text: token), lifetime: .seconds(min(seconds, Self.longestLifetime)))
    }
}
