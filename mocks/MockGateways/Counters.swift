/// What the bank saw since it started or was reset.
public struct Counters: Sendable, Equatable {
    /// Requests by operation, those refused for their signature or their body included.
    public internal(set) var requests: [BankOperation: Int] = [:]
    /// Requests whose method and path mean nothing to the bank.
    public internal(set) var unroutedRequests = 0
    /// Requests that came over HTTP/2, whatever they asked.
    public internal(set) var http2Requests = 0
    /// Requests answered 401 for their signature, tenant, key, time-stamp or idempotency key.
    public internal(set) var signatureFailures = 0
    /// Connections accepted, those whose handshake failed included.
    public internal(set) var connections = 0
    /// Of those, the ones that are over.
    public internal(set) var closedConnections = 0
    /// TLS handshakes that were completed.
    public internal(set) var handshakes = 0

    public init() {}

    public subscript(operation: BankOperation) -> Int { requests[operation] ?? 0 }
}
