internal import Payments

/// What two exchanges must share before they may share a connection: everything in `Endpoint` that shapes or secures it.
/// libcurl's own matching leaves out the key, so each value of this gets a libcurl multi handle, and so a connection cache, of its own.
struct ConnectionKey: Hashable {
    private let endpoint: Endpoint

    init(_ endpoint: Endpoint) {
        var endpoint = endpoint
        endpoint.basePath = ""
        endpoint.purpose = ""
        endpoint.connectTimeout = .zero
        endpoint.attemptTimeout = .zero
        self.endpoint = endpoint
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(endpoint.host)
        hasher.combine(endpoint.port)
        hasher.combine(endpoint.pins)
    }
}
