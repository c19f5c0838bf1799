extension CurlTransport {
    /// What the transport holds at most.
    public struct Limits: Sendable, Equatable {
        /// Exchanges in flight to one endpoint, and so connections to it, idle ones included.
        public var connectionsPerEndpoint: Int
        /// Distinct endpoints with a pool of connections. The one that has been idle longest makes room for a new one.
        public var endpoints: Int
        /// Exchanges in flight altogether.
        public var requests: Int
        /// After this long without an exchange an endpoint's connections are closed and its key is forgotten.
        public var idleEndpoint: Duration

        public init(
            connectionsPerEndpoint: Int = 8_192, endpoints: Int = 256, requests: Int = 16_384,
            idleEndpoint: Duration = .seconds(300)
        ) {
            self.connectionsPerEndpoint = connectionsPerEndpoint
            self.endpoints = endpoints
            self.requests = requests
            self.idleEndpoint = idleEndpoint
        }
    }
}
