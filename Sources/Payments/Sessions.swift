import AdapterKit
import Logging
import Metrics
import Signing
import Synchronization

/// The tokens of gateways that are entered by a session. Each is fetched once for all who wait, and renewed ahead of its end by the
/// first who sees that it is due, while the old one still serves. They stay in this process: a token is as good as a password, and
/// a replica fetches one in its whole life.
final class Sessions: Sendable {
    /// Why there is no token: nothing was sent to the gateway.
    enum Failure: String, Error {
        /// Whoever gives out the tokens does not take our credentials.
        case refused = "session_refused"
        case unavailable = "session_unavailable"
    }

    fileprivate struct Open {
        let token: Secret
        /// On the monotonic clock.
        let renewal: Duration
        let end: Duration
    }

    private struct Entry {
        var open: Open?
        var fetch: Task<Result<Secret, Failure>, Never>?
        /// A fetch that has failed is not repeated before.
        var retry: Duration = .zero
        var failure = Failure.unavailable
    }

    /// A token in its last seconds may end under the request that carries it.
    private static let margin = Duration.seconds(5)
    /// How long before its end a token is renewed, where its life is long enough.
    private static let ahead = Duration.seconds(60)
    private static let pause = Duration.seconds(1)

    private let transport: any EgressTransport
    private let time: any TimeSource
    private let logger: Logger
    /// By the gateways' names.
    private let entries = Mutex<[String: Entry]>([:])

    init(transport: any EgressTransport, time: any TimeSource, logger: Logger) {
        self.transport = transport
        self.time = time
        self.logger = logger
    }

    /// A token that serves now.
    /// - Parameter refused: the one that the gateway has just answered 401 to: it serves no longer.
    func token(of session: Session, at gateway: Gateway, otherThan refused: Secret? = nil) async throws(Failure) -> Secret {
        let now = time.monotonic()
        let (token, fetch) = try entries.withLock { entries throws(Failure) -> (Secret?, Task<Result<Secret, Failure>, Never>?) in
            var entry = entries[gateway.name] ?? Entry()
            defer { entries[gateway.name] = entry }
            if let refused, entry.open?.token == refused { entry.open = nil }
            if let open = entry.open, now < open.end {
                if now >= open.renewal, now >= entry.retry, entry.fetch == nil { entry.fetch = begin(session, gateway) }
                return (open.token, nil)
            }
            entry.open = nil
            if let fetch = entry.fetch { return (nil, fetch) }
            guard now >= entry.retry else { throw entry.failure }
            let fetch = begin(session, gateway)
            entry.fetch = fetch
            return (nil, fetch)
        }
        if let token { return token }
        guard let fetch else { throw .unavailable }
        return try await fetch.value.get()
    }

    /// Whoever waits for it may leave: the others still want it.
    private func begin(_ session: Session, _ gateway: Gateway) -> Task<Result<Secret, Failure>, Never> {
        Task { [self] in
            let started = time.monotonic()
            let result = await fetch(session, gateway)
            entries.withLock { entries in
                var entry = entries[gateway.name] ?? Entry()
                entry.fetch = nil
                switch result {
                case .success(let token): entry.open = Open(token, from: started, margin: Self.margin, ahead: Self.ahead)
                case .failure(let failure):
                    entry.retry = time.monotonic() + Self.pause
                    entry.failure = failure
                }
                entries[gateway.name] = entry
            }
            count(result, gateway)
            return result.map(\.secret)
        }
    }

    private func fetch(_ session: Session, _ gateway: Gateway) async -> Result<SessionToken, Failure> {
        var headers = session.headers
        headers.add("Authorization", "Basic " + Base64.encode(Array("\(session.user):".utf8) + session.password.bytes))
        let request = EgressRequest(method: session.method, target: session.service.path, headers: headers, body: session.body)
        do {
            let response = try await transport.send(request, to: gateway.endpoint.reaching(session.service))
            if let token = gateway.adapter.token(of: response) { return .success(token) }
            logger.error(
                "no session was opened", metadata: ["gateway": "\(gateway.name)", "http_status": "\(response.status)"])
            return .failure([400, 401, 403].contains(response.status) ? .refused : .unavailable)
        } catch {
            logger.error(
                "no session was opened",
                metadata: [
                    "gateway": "\(gateway.name)", "code": "\(error.code.rawValue)", "phase": "\(error.phase.rawValue)",
                    "detail": "\(error.detail)",
                ])
            return .failure(.unavailable)
        }
    }

    private func count(_ result: Result<SessionToken, Failure>, _ gateway: Gateway) {
        let word =
            switch result {
            case .success: "opened"
            case .failure(let failure): failure.rawValue
            }
        Counter(label: "drawbridge_sessions_total", dimensions: [("gateway", gateway.name), ("result", word)]).increment()
    }
}

extension Sessions.Open {
    fileprivate init(_ token: SessionToken, from start: Duration, margin: Duration, ahead: Duration) {
        self.token = token.secret
        // Of a short life, a tenth and a third.
        end = start + token.lifetime - min(margin, token.lifetime / 10)
        renewal = start + token.lifetime - min(ahead, token.lifetime / 3)
    }
}

extension Endpoint {
    /// The same identity and authorities at another address.
    fileprivate func reaching(_ service: ServiceURL) -> Endpoint {
        var endpoint = self
        endpoint.scheme = service.isSecure ? .https : .http
        endpoint.host = service.host
        endpoint.port = service.port
        endpoint.basePath = ""
        return endpoint
    }
}
