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

    private typealias Waiter = CheckedContinuation<Result<Secret, Failure>, Never>

    private struct Entry {
        var open: Open?
        var isFetching = false
        /// Those who have no token until the fetch has ended.
        var waiters: [UInt64: Waiter] = [:]
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
    private let ids = Atomic<UInt64>(0)

    init(transport: any EgressTransport, time: any TimeSource, logger: Logger) {
        self.transport = transport
        self.time = time
        self.logger = logger
    }

    /// A token that serves now.
    /// - Parameters:
    ///   - end: on the monotonic clock; who has waited until then leaves without one.
    ///   - refused: the one that the gateway has just answered 401 to: it serves no longer.
    func token(
        of session: Session, at gateway: Gateway, until end: Duration, otherThan refused: Secret? = nil
    ) async throws(Failure) -> Secret {
        let now = time.monotonic()
        let token = try entries.withLock { entries throws(Failure) -> Secret? in
            var entry = entries[gateway.name] ?? Entry()
            defer { entries[gateway.name] = entry }
            if let refused, entry.open?.token == refused { entry.open = nil }
            if let open = entry.open, now < open.end {
                if now >= open.renewal, now >= entry.retry { begin(session, gateway, &entry) }
                return open.token
            }
            entry.open = nil
            guard entry.isFetching || now >= entry.retry else { throw entry.failure }
            begin(session, gateway, &entry)
            return nil
        }
        if let token { return token }
        return try await fetched(at: gateway.name, within: end - now).get()
    }

    /// The fetch belongs to nobody: whoever waits for it may leave, and the others still want it.
    private func begin(_ session: Session, _ gateway: Gateway, _ entry: inout Entry) {
        guard !entry.isFetching else { return }
        entry.isFetching = true
        Task { [self] in
            let started = time.monotonic()
            let result = await fetch(session, gateway)
            let waiters = entries.withLock { entries in
                var entry = entries[gateway.name] ?? Entry()
                defer { entries[gateway.name] = entry }
                entry.isFetching = false
                switch result {
                case .success(let token): entry.open = Open(token, from: started, margin: Self.margin, ahead: Self.ahead)
                case .failure(let failure):
                    entry.retry = time.monotonic() + Self.pause
                    entry.failure = failure
                }
                let waiters = entry.waiters.values
                entry.waiters = [:]
                return Array(waiters)
            }
            count(result, gateway)
            for waiter in waiters { waiter.resume(returning: result.map(\.secret)) }
        }
    }

    /// What the fetch under way comes to; `unavailable` when that takes longer, or the task is cancelled.
    private func fetched(at name: String, within limit: Duration) async -> Result<Secret, Failure> {
        let id = ids.wrappingAdd(1, ordering: .relaxed).newValue
        return await withTaskGroup(of: Result<Secret, Failure>.self) { group in
            group.addTask {
                await withTaskCancellationHandler {
                    await withCheckedContinuation { self.add($0, id, at: name) }
                } onCancel: {
                    self.remove(id, at: name)
                }
            }
            group.addTask {
                try? await self.time.sleep(for: limit)
                return .failure(.unavailable)
            }
            let first = await group.next()
            group.cancelAll()
            return first ?? .failure(.unavailable)
        }
    }

    /// A fetch that has ended in between has left its result.
    private func add(_ waiter: Waiter, _ id: UInt64, at name: String) {
        let result = entries.withLock { entries -> Result<Secret, Failure>? in
            guard let entry = entries[name], !Task.isCancelled else { return .failure(.unavailable) }
            guard entry.isFetching else { return entry.open.map { .success($0.token) } ?? .failure(entry.failure) }
            entries[name]?.waiters[id] = waiter
            return nil
        }
        if let result { waiter.resume(returning: result) }
    }

    private func remove(_ id: UInt64, at name: String) {
        let waiter = entries.withLock { $0[name]?.waiters.removeValue(forKey: id) }
        waiter?.resume(returning: .failure(.unavailable))
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
