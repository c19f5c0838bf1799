public import AdapterKit

/// Who is called back, how, and how often at most.
public struct CallbackDestination: Sendable {
    /// For `https://`; all PEM.
    public struct TLS: Sendable {
        /// Who signs the receiver's certificate; `nil` trusts whom the system trusts.
        public var authorityPEM: [UInt8]?
        /// What the bank shows when it is asked who it is.
        public var client: (certificatePEM: [UInt8], keyPEM: [UInt8])?

        public init(authorityPEM: [UInt8]? = nil, client: (certificatePEM: [UInt8], keyPEM: [UInt8])? = nil) {
            self.authorityPEM = authorityPEM
            self.client = client
        }
    }

    public var url: CallbackURL
    /// What the face signs with; `nil` where callbacks are not signed.
    public var key: SigningKey?
    public var tls = TLS()
    /// Whether every charge and refund calls back once it was answered, and not only those that change by themselves.
    public var tellsEverything = false
    /// The wait before the second try, the third and so on; when they are used up the event is given up. Ten tries.
    public var waits = (0..<9).map { Duration.seconds(1 << $0) }
    /// How long one try may take, from the connection to the last byte of the answer.
    public var timeout = Duration.seconds(10)
    /// Deliveries that wait or are being tried; one more is dropped and counted.
    public var maximumUnderway = 10_000
    /// Tries at a time.
    public var maximumConnections = 16
    /// Waits that long, or throws when the task is cancelled.
    public var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// Makes event ids and nonces.
    public var random: @Sendable () -> UInt64

    public init(url: CallbackURL, key: SigningKey? = nil, random: @escaping @Sendable () -> UInt64) {
        self.url = url
        self.key = key
        self.random = random
    }
}
