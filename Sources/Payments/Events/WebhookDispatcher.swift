import AdapterKit
public import Logging
import Metrics
import Signing
import Synchronization

/// Posts events to the tenants' endpoints. Each endpoint has a lane of its own, so that one that fails delays nobody else's; within
/// it attempts begin in the order of the feed, and those of one payment one after the other.
public final class WebhookDispatcher: Sendable {
    /// The specification recommends 15 to 30 seconds.
    public static let attemptTimeout = Duration.seconds(20)
    /// Deliveries are due again when their sender has died.
    private static let hold = attemptTimeout + .seconds(10)
    /// Taken at once from an endpoint that works; one that does not is tried with one at a time.
    private static let batch = 32
    /// Between two looks at what is due; what this replica relays wakes at once.
    private static let interval = Duration.seconds(2)

    private let endpoints: [WebhookEndpoint]
    private let store: any DeliveryStore
    private let transport: any EgressTransport
    private let vault: Vault
    private let time: any TimeSource
    private let random: any RandomSource
    private let logger: Logger
    private let sleepers = Mutex<[EndpointID: FirstAnswer<Void>]>([:])

    public init(
        endpoints: [WebhookEndpoint], store: any DeliveryStore, transport: any EgressTransport, vault: Vault,
        time: any TimeSource, random: any RandomSource, logger: Logger
    ) {
        self.endpoints = endpoints
        self.store = store
        self.transport = transport
        self.vault = vault
        self.time = time
        self.random = random
        self.logger = logger
    }

    /// Until cancelled. What is under way then is not waited for: it is due again once its hold has run out.
    public func run() async {
        await withTaskGroup { group in
            for endpoint in endpoints {
                group.addTask { [self] in
                    var width = Self.batch
                    while !Task.isCancelled { width = await turn(endpoint, width: width) }
                }
            }
        }
    }

    /// The feeds of these tenants have grown.
    public func wake(_ tenants: Set<String>) {
        let woken = sleepers.withLock { sleepers in
            let ids = sleepers.keys.filter { tenants.contains($0.tenant) }
            return ids.compactMap { sleepers.removeValue(forKey: $0) }
        }
        for sleeper in woken { sleeper.give(()) }
    }

    /// One look at what is due.
    /// - Returns: how many to take the next time.
    private func turn(_ endpoint: WebhookEndpoint, width: Int) async -> Int {
        let sleeper = FirstAnswer<Void>()
        sleepers.withLock { $0[endpoint.id] = sleeper }
        var report = Report()
        do throws(StoreFailure) { report = try await pass(endpoint, width: width) } catch {
            logger.warning("webhooks wait for the state store", metadata: ["code": "\(error.code.rawValue)"])
        }
        if let slowDown = report.slowDown {
            try? await time.sleep(for: slowDown)
        } else if report.sent < width {
            await sleeper.value(atMost: Self.interval, on: time)
        }
        return report.hasFailed ? 1 : report.sent > 0 ? Self.batch : width
    }

    package struct Report: Sendable, Equatable {
        package var sent = 0
        package var hasFailed = false
        package var slowDown: Duration?
    }

    /// Sends what is due, once.
    package func pass(_ endpoint: WebhookEndpoint, width: Int) async throws(StoreFailure) -> Report {
        let end = time.monotonic() + Self.hold
        let due = try await store.take(for: endpoint.id, limit: width, hold: Self.hold)
        var lanes: [[Delivery]] = []
        for delivery in due {
            let lane = lanes.firstIndex { $0[0].event.event.payment == delivery.event.event.payment }
            if let lane { lanes[lane].append(delivery) } else { lanes.append([delivery]) }
        }
        var report = Report(sent: due.count)
        await withTaskGroup(of: Report.self) { group in
            for lane in lanes { group.addTask { await self.send(lane, to: endpoint, until: end) } }
            for await sent in group {
                report.hasFailed = report.hasFailed || sent.hasFailed
                report.slowDown = [report.slowDown, sent.slowDown].compactMap { $0 }.max()
            }
        }
        return report
    }

    /// What is left of a lane is due again once its hold has run out.
    /// - Parameter end: of the hold. No attempt begins that might outlast it: somebody else would send beside us.
    private func send(_ lane: [Delivery], to endpoint: WebhookEndpoint, until end: Duration) async -> Report {
        var report = Report()
        for delivery in lane {
            guard time.monotonic() + Self.attemptTimeout <= end, let answer = await attempt(delivery, at: endpoint) else { break }
            let verdict = WebhookVerdict(answer)
            count(verdict, endpoint)
            do throws(StoreFailure) { try await finish(delivery, verdict, try? answer.get().status) } catch {
                logger.warning("webhook's end not stored", metadata: ["code": "\(error.code.rawValue)"])
            }
            guard case .failed(_, let slowDown) = verdict else {
                if verdict == .gone { break }
                continue
            }
            report.hasFailed = true
            report.slowDown = slowDown
            if slowDown != nil { break }
        }
        return report
    }

    /// `nil` when the task is cancelled meanwhile: an exchange that began cannot be taken back, and nobody waits for it.
    private func attempt(
        _ delivery: Delivery, at endpoint: WebhookEndpoint
    ) async -> Result<GatewayResponse, TransportFailure>? {
        let request = request(delivery.event, to: endpoint)
        let first = FirstAnswer<Result<GatewayResponse, TransportFailure>?>()
        Task {
            var answer = await exchange(request, endpoint)
            // An idle connection had closed under it. A receiver drops what it gets twice.
            if case .failure(let failure) = answer, failure.code == .resendPrevented {
                answer = await exchange(request, endpoint)
            }
            first.give(answer)
        }
        return await withTaskCancellationHandler {
            await first.value()
        } onCancel: {
            first.give(nil)
        }
    }

    private func exchange(
        _ request: EgressRequest, _ endpoint: WebhookEndpoint
    ) async -> Result<GatewayResponse, TransportFailure> {
        do { return .success(try await transport.send(request, to: endpoint.endpoint)) } catch { return .failure(error) }
    }

    /// protocols/standard-webhooks.md, 1: the id is the event's on every attempt, the time-stamp is the attempt's. Cursors are only
    /// unique within their tenant, and one receiver may serve several: the id names what changed, and which change of it.
    private func request(_ event: FeedEvent, to endpoint: WebhookEndpoint) -> EgressRequest {
        let body = event.json(vault, logger)
        let timestamp = String(time.now().seconds)
        let id = "\(event.event.object)_v\(event.event.version)"
        let signature = StandardWebhooks.signature(
            id: id, timestamp: timestamp, body: body, secrets: endpoint.secrets)
        return EgressRequest(
            method: .post, target: endpoint.target,
            headers: Headers([
                ("Content-Type", "application/json"), ("User-Agent", "drawbridge"), ("webhook-id", id),
                ("webhook-timestamp", timestamp), ("webhook-signature", signature),
            ]), body: body)
    }

    private func finish(_ delivery: Delivery, _ verdict: WebhookVerdict, _ status: Int?) async throws(StoreFailure) {
        switch verdict {
        case .delivered: try await store.finish(delivery, .delivered, status: status)
        case .gone:
            logger.warning("webhook endpoint is gone: disabled", metadata: ["endpoint": "\(delivery.endpoint)"])
            try await store.finish(delivery, .dead(error: "gone"), status: status)
            try await store.disable(delivery.endpoint, reason: "gone")
        case .failed(let error, let slowDown):
            guard let delay = WebhookSchedule.delay(after: delivery.tries, unit: random.unit()) else {
                logger.error(
                    "webhook is a dead letter",
                    metadata: ["endpoint": "\(delivery.endpoint)", "event": "\(delivery.event.id)", "error": "\(error)"])
                return try await store.finish(delivery, .dead(error: error), status: status)
            }
            let wait = max(delay, slowDown ?? .zero)
            try await store.finish(delivery, .failed(error: error, retryAfter: wait), status: status)
        }
    }

    private func count(_ verdict: WebhookVerdict, _ endpoint: WebhookEndpoint) {
        let result =
            switch verdict {
            case .delivered: "delivered"
            case .gone: "gone"
            case .failed: "failed"
            }
        Counter(
            label: "drawbridge_webhooks_total", dimensions: [("tenant", endpoint.id.tenant), ("result", result)]
        ).increment()
    }
}
