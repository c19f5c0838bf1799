import AdapterKit
public import Logging
import Synchronization

/// `GET /v1/events`: a tenant's events with a cursor, and the wait for a first one.
public final class EventFeed: Sendable {
    /// How long one may wait.
    public static let longestWait = Duration.seconds(30)
    /// Callers who may wait at one replica; one more is answered at once.
    private static let maximumWaiting = 1_000
    /// Between two looks for what another replica has appended; what this one appends wakes at once.
    private static let interval = Duration.milliseconds(500)

    private struct Waiting {
        var count = 0
        var sleepers: [String: [FirstAnswer<Void>]] = [:]
    }

    private let store: any EventStore
    private let vault: Vault
    private let inFlight: InFlight
    private let time: any TimeSource
    private let logger: Logger
    private let waiting = Mutex(Waiting())

    public init(store: any EventStore, vault: Vault, inFlight: InFlight, time: any TimeSource, logger: Logger) {
        self.store = store
        self.vault = vault
        self.inFlight = inFlight
        self.time = time
        self.logger = logger
    }

    /// - Parameter wait: for a first event, where there is none yet.
    public func events(after: EventID?, limit: Int, wait: Duration, call: Call) async -> Answer {
        do {
            var page = try await read(call.tenant, after, limit)
            let end = call.arrived + min(wait, Self.longestWait)
            guard page.isEmpty, time.monotonic() < end, begin() else { return answer(page) }
            defer { waiting.withLock { $0.count -= 1 } }
            while page.isEmpty, !inFlight.isDraining, !Task.isCancelled {
                let left = end - time.monotonic()
                guard left > .zero else { break }
                let sleeper = sleeper(of: call.tenant)
                defer { forget(sleeper, of: call.tenant) }
                // What came between the last look and this sleep.
                page = try await read(call.tenant, after, limit)
                if page.isEmpty { await sleeper.value(atMost: min(left, Self.interval), on: time) }
            }
            if page.isEmpty { page = try await read(call.tenant, after, limit) }
            return answer(page)
        } catch { return Answer(error, requestID: call.requestID) }
    }

    /// Feeds have grown: whoever waits for them looks again.
    public func wake(_ tenants: Set<String>) {
        let sleepers = waiting.withLock { waiting in tenants.flatMap { waiting.sleepers.removeValue(forKey: $0) ?? [] } }
        for sleeper in sleepers { sleeper.give(()) }
    }

    private struct Page {
        var events: [FeedEvent]
        var hasMore: Bool
        var isEmpty: Bool { events.isEmpty }
    }

    private func read(_ tenant: String, _ after: EventID?, _ limit: Int) async throws(Problem) -> Page {
        let page: FeedPage
        do { page = try await store.events(of: tenant, after: after, limit: limit) } catch {
            logger.warning("state store failed", metadata: ["code": "\(error.code.rawValue)", "detail": "\(error.detail)"])
            throw Problem(
                .stateStoreUnavailable, "The events cannot be read just now. Ask again with the same cursor.", retryAfter: 1)
        }
        switch page {
        case .page(let events, let hasMore): return Page(events: events, hasMore: hasMore)
        case .cursorNotKept: throw .cursorNotKept
        }
    }

    private func answer(_ page: Page) -> Answer {
        var body = Array(#"{"data":["#.utf8)
        for (index, event) in page.events.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body += event.json(vault, logger)
        }
        body += Array(#"],"has_more":\#(page.hasMore)}"#.utf8)
        return Answer(status: 200, body: body)
    }

    // MARK: Waiting

    private func begin() -> Bool {
        waiting.withLock { waiting in
            guard waiting.count < Self.maximumWaiting else { return false }
            waiting.count += 1
            return true
        }
    }

    private func sleeper(of tenant: String) -> FirstAnswer<Void> {
        let sleeper = FirstAnswer<Void>()
        waiting.withLock { $0.sleepers[tenant, default: []].append(sleeper) }
        return sleeper
    }

    private func forget(_ sleeper: FirstAnswer<Void>, of tenant: String) {
        waiting.withLock { waiting in
            waiting.sleepers[tenant]?.removeAll { $0 === sleeper }
            if waiting.sleepers[tenant]?.isEmpty == true { waiting.sleepers[tenant] = nil }
        }
    }
}

extension Problem {
    /// Never a silent jump.
    public static let cursorNotKept = Problem(
        .notFound,
        "No event of this id is kept, so what came after it is not known. Begin again without `after`, and look up the payments"
            + " that you miss.",
        errors: [.init("/query/after", "names no event that is kept")])
}

extension FeedEvent {
    /// openapi.yaml, `Event`, with `timestamp` as Standard Webhooks wants it.
    func json(_ vault: Vault, _ logger: Logger) -> [UInt8] {
        let head = JSON.members([
            ("id", .string(id.text)), ("version", .integer(Int64(event.version))), ("type", .string(event.kind.rawValue)),
            ("timestamp", .string(event.createdAt.rfc3339)), ("created_at", .string(event.createdAt.rfc3339)),
            ("cause", .string(event.cause.rawValue)),
        ])
        return head.encoded().dropLast() + Array(#","data":"#.utf8) + data(vault, logger) + [UInt8(ascii: "}")]
    }

    /// What no key opens is told all the same, by its id.
    private func data(_ vault: Vault, _ logger: Logger) -> [UInt8] {
        do { return try vault.open(event.sealed, for: event.object) } catch {
            Unreadable.report("\(event.object) \(id)", error, logger)
            return JSON.members([("id", .string(event.object))]).encoded()
        }
    }
}
