import AdapterKit
import Crypto
import FoundationEssentials
public import Logging
import Signing

/// Takes callbacks in, from the raw request to the gateway's own "received" (contract/callbacks.md, steps 1 to 6).
public final class CallbackReceiver: Sendable {
    /// Bytes.
    public static let maximumBody = 256 * 1024
    /// Items of one delivery.
    private static let maximumEvents = 100
    /// Payments asked about because of one hint.
    private static let maximumSubjects = 20
    /// A nonce is set aside for so long while its delivery is taken in: a crash in between must not refuse the sender's repeat.
    private static let reservation = Duration.seconds(10)
    /// A nonce outlives the window of its time-stamp by this much.
    private static let nonceMargin = Duration.seconds(60)
    /// Longer than gateways go on repeating (protocols/standard-webhooks.md: 3 days and more).
    private static let eventMemory = Duration.seconds(7 * 86_400)
    /// Between two questions about one payment because of hints.
    private static let hintInterval = Duration.seconds(60)

    private let service: PaymentService
    private let derivation: Derivation
    private let time: any TimeSource
    private let logger: Logger

    public init(service: PaymentService, time: any TimeSource, logger: Logger) {
        self.service = service
        self.derivation = service.derivation
        self.time = time
        self.logger = logger
    }

    private var store: any CallbackStore { service.callbacks }

    /// Whether a gateway of this name takes callbacks; else 404 before the body is read.
    public func accepts(_ gateway: String) -> Bool { service.routing.gateway(named: gateway)?.callback != nil }

    /// The body was over the limit and not read.
    public func refuseTooLarge(_ gateway: String) -> CallbackReply {
        report("too_large", gateway, reason: "over \(Self.maximumBody) bytes")
        return CallbackReply(status: 413)
    }

    public func receive(_ delivery: CallbackDelivery) async -> CallbackReply {
        guard let gateway = service.routing.gateway(named: delivery.gateway), let policy = gateway.callback else {
            return CallbackReply(status: 404)
        }
        guard delivery.body.count <= Self.maximumBody else { return refuseTooLarge(gateway.name) }
        do { try service.inFlight.admit() } catch {
            report("unavailable", gateway.name, reason: error == .draining ? "draining" : "in_flight_full")
            return CallbackReply(status: 503, retryAfter: 1)
        }
        service.inFlight.begin()
        defer { service.inFlight.end() }
        switch CallbackVerifier.judge(delivery, under: policy, at: time.now()) {
        case .refused(let refusal):
            report(refusal.result, gateway.name, reason: refusal.rawValue)
            return CallbackReply(status: refusal.status)
        case .hint(let callback): return await take(callback, from: gateway)
        case .verified(let callback, let nonce):
            return await admit(nonce, from: gateway, policy) { () async throws(StoreFailure) in
                try await self.take(callback, of: delivery, from: gateway)
            }
        }
    }

    /// A replay is known by its nonce, which is looked at only now: a forger must not burn any (step 4).
    private func admit(
        _ nonce: String?, from gateway: Gateway, _ policy: CallbackPolicy,
        _ body: () async throws(StoreFailure) -> CallbackReply
    ) async -> CallbackReply {
        let mark = nonce.map { CallbackMark(.nonce, $0, at: gateway.name) }
        do throws(StoreFailure) {
            if let mark, try await !store.claim(mark, for: Self.reservation) {
                report("replayed", gateway.name, reason: "nonce_known")
                return CallbackReply(status: 409)
            }
        } catch { return unavailable(error, gateway) }
        do throws(StoreFailure) {
            let reply = try await body()
            if let mark { try await store.remember([mark], for: policy.tolerance * 2 + Self.nonceMargin) }
            return reply
        } catch {
            // The sender repeats it: with the same nonce, for all we know.
            if let mark { try? await store.release(mark) }
            return unavailable(error, gateway)
        }
    }

    /// Not stored, so not acknowledged: the sender comes again (P4).
    private func unavailable(_ failure: StoreFailure, _ gateway: Gateway) -> CallbackReply {
        let isFull = failure.code == .full
        report(isFull ? "refused_full" : "unavailable", gateway.name, reason: failure.code.rawValue, isFull ? .critical : .error)
        return CallbackReply(status: 503, retryAfter: isFull ? 60 : 1)
    }

    // MARK: What is proven

    private func take(
        _ callback: VerifiedCallback, of delivery: CallbackDelivery, from gateway: Gateway
    ) async throws(StoreFailure) -> CallbackReply {
        let events: [CallbackEvent]
        do throws(CallbackFailure) { events = try Self.events(of: callback, gateway.adapter) } catch {
            try await keep(delivery, from: gateway, eventID: callback.eventID)
            report("malformed", gateway.name, reason: error.reason, .error)
            return CallbackReply(status: 400)
        }
        let marks = events.map { CallbackMark(.event, $0.id, at: gateway.name) }
        let known = try await store.isKnown(marks)
        for (event, isKnown) in zip(events, known) {
            report(isKnown ? .duplicate : try await take(event, from: gateway), event, gateway)
        }
        try await store.remember(marks, for: Self.eventMemory)
        return Self.acknowledged(gateway)
    }

    static func events(of callback: VerifiedCallback, _ adapter: any GatewayAdapter) throws(CallbackFailure) -> [CallbackEvent] {
        let events = try adapter.events(from: callback)
        guard events.count <= maximumEvents else { throw CallbackFailure(reason: "too_many_events") }
        for event in events {
            guard (1...128).contains(event.id.utf8.count), event.id.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw CallbackFailure(reason: "event_id_malformed")
            }
        }
        return events
    }

    private func take(_ event: CallbackEvent, from gateway: Gateway) async throws(StoreFailure) -> Reception {
        let reception = try await service.hear(event, at: gateway.name)
        return reception == .unmatched ? try await waitFor(event, from: gateway) : reception
    }

    /// It may have come before what it speaks of: it is kept first, then matched or left waiting in one step.
    private func waitFor(_ event: CallbackEvent, from gateway: Gateway) async throws(StoreFailure) -> Reception {
        guard let id = derivation.callback(of: gateway.name, key: "event \(event.id)") else { throw Self.notSealed }
        let kept = KeptCallback(
            id: id, gateway: gateway.name, kind: .unmatched, eventID: event.id, subject: event.subject,
            outcome: event.outcome.kind, receivedAt: time.now(), sealed: try sealed(try? JSONEncoder().encode(event), for: id))
        try await keep(kept)
        // What has come meanwhile is matched like any other: the reference may be that of something else.
        let reception =
            try await isThere(event.subject, at: gateway, orWait: id)
            ? try await service.hear(event, at: gateway.name) : .unmatched
        if reception == .unmatched { alert(event, gateway) } else { try await store.drop(id) }
        return reception
    }

    /// Whether what the event speaks of has come meanwhile.
    private func isThere(
        _ subject: CallbackSubject, at gateway: Gateway, orWait id: CallbackID
    ) async throws(StoreFailure) -> Bool {
        if let work = subject.work {
            return try await service.store.match(work, at: gateway.name, orWait: id, for: KeptCallback.patience) != .waits
        }
        guard let reference = subject.gatewayReference else { return false }
        return try await store.find(GatewayReference(reference, at: gateway.name), orWait: id, for: KeptCallback.patience) != nil
    }

    /// Money that we know nothing of, under a reference of ours: the store may have lost something.
    private func alert(_ event: CallbackEvent, _ gateway: Gateway) {
        guard case .approved = event.outcome, let payment = event.subject.charge.flatMap({ PaymentID($0) }) else { return }
        logger.critical(
            "a gateway reports a success that matches no payment",
            metadata: ["gateway": "\(gateway.name)", "payment": "\(payment)", "about": "\(event.subject.kind.rawValue)"])
    }

    // MARK: Keeping

    /// A signed body that the adapter cannot read, whole.
    private func keep(_ delivery: CallbackDelivery, from gateway: Gateway, eventID: String?) async throws(StoreFailure) {
        let digest = Hex.encode(SHA256.hash(data: delivery.body))
        guard let id = derivation.callback(of: gateway.name, key: "body \(digest)") else { throw Self.notSealed }
        try await keep(
            KeptCallback(
                id: id, gateway: gateway.name, kind: .malformed, eventID: eventID, subject: nil, outcome: nil,
                receivedAt: time.now(), sealed: try sealed(try? JSONEncoder().encode(RawCallback(delivery, eventID)), for: id)))
    }

    private func keep(_ callback: KeptCallback) async throws(StoreFailure) {
        let limit = callback.kind == .malformed ? KeptCallback.maximumMalformed : KeptCallback.maximumPerGateway
        guard try await store.keep(callback, limit: limit) != .full else {
            throw StoreFailure(code: .full, detail: "as many callbacks as one gateway may have kept")
        }
    }

    private func sealed(_ plain: Data?, for id: CallbackID) throws(StoreFailure) -> [UInt8] {
        guard let plain, let sealed = try? service.vault.seal(Array(plain), for: id.text) else { throw Self.notSealed }
        return sealed
    }

    private static let notSealed = StoreFailure(code: .refused, detail: "a callback cannot be encrypted")

    // MARK: Hints

    /// Nothing in it is believed: it makes us ask, at most once a minute for each payment (step 2).
    private func take(_ callback: UnprovenCallback, from gateway: Gateway) async -> CallbackReply {
        let subjects: [CallbackSubject]
        do { subjects = try gateway.adapter.subjects(of: callback) } catch {
            report("malformed", gateway.name, reason: error.reason)
            return CallbackReply(status: 400)
        }
        do throws(StoreFailure) {
            for subject in Set(subjects.prefix(Self.maximumSubjects)) {
                guard let work = try await service.match(subject, at: gateway)?.work else { continue }
                // One for the payment, whichever gateways hint at it.
                let mark = CallbackMark(.hint, work.payment.record.id.text, at: "")
                if try await store.claim(mark, for: Self.hintInterval) { service.askLater(about: work, at: gateway) }
            }
        } catch { return unavailable(error, gateway) }
        report("hint", gateway.name, reason: "not_proven", .debug)
        return Self.acknowledged(gateway)
    }

    // MARK: Telling

    private static func acknowledged(_ gateway: Gateway) -> CallbackReply {
        let words = gateway.adapter.acknowledgement
        return CallbackReply(status: words.status, contentType: words.contentType, body: words.body)
    }

    private func report(_ reception: Reception, _ event: CallbackEvent, _ gateway: Gateway) {
        PaymentService.count(reception.rawValue, at: gateway.name)
        logger.log(
            level: reception == .unmatched ? .warning : .info, "callback received",
            metadata: [
                "gateway": "\(gateway.name)", "result": "\(reception.rawValue)", "event": "\(event.id)",
                "payment": "\(event.subject.work.map(\.payment.text) ?? "-")", "outcome": "\(event.outcome.kind.rawValue)",
            ])
    }

    private func report(_ result: String, _ gateway: String, reason: String, _ level: Logger.Level = .notice) {
        PaymentService.count(result, at: gateway)
        logger.log(
            level: level, "callback not applied",
            metadata: ["gateway": "\(gateway)", "result": "\(result)", "reason": "\(reason)"])
    }
}

extension CallbackRefusal {
    /// config.md, `drawbridge_callbacks_total`: the reason is for the log.
    fileprivate var result: String {
        switch self {
        case .outsideWindow: "outside_window"
        case .sourceNotAllowed, .certificateMissing, .certificateOfAnother: "forbidden"
        case .headerMissing, .headerRepeated, .headerMalformed, .keyUnknown, .badSignature: "bad_signature"
        }
    }
}

/// A delivery that was verified and cannot be read, as it is kept.
struct RawCallback: Codable {
    let target: String
    let headers: [[String]]
    let body: Data
    let eventID: String?

    init(_ delivery: CallbackDelivery, _ eventID: String?) {
        target = delivery.target
        headers = delivery.headers.fields.map { [$0.name, $0.value] }
        body = Data(delivery.body)
        self.eventID = eventID
    }
}
