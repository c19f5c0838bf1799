import AdapterKit
import Logging
import Metrics

/// What an inquiry means for a payment.
enum Established: Sendable {
    /// The gateway's word.
    case found(Outcome, AttemptRecord, Heard)
    /// "Not found", but too early or elsewhere: proves nothing yet (O4, O5).
    case notFoundYet
    /// "Not found" that proves that the gateway holds nothing.
    case nothingHeld
    case unanswered(reason: String)
}

extension PaymentService {
    /// Asks the gateway of the last attempt to charge, by our own reference (O4).
    func ask(about record: PaymentRecord) async -> Established {
        guard let attempt = record.lastChargeAttempt, let gateway = routing.gateway(named: attempt.gateway) else {
            return .unanswered(reason: "gateway_not_configured")
        }
        guard gateway.adapter.capabilities.inquiryByReference else { return .unanswered(reason: "not_supported") }
        let inquiry = Operation.inquiry(
            .init(charge: attempt.reference, gatewayReference: record.gatewayReference, money: record.money))
        let (answer, asked, heard) = await exchange(
            inquiry, at: gateway, asking: record, reference: attempt.reference)
        switch answer {
        case .found(let outcome): return .found(outcome, asked, heard)
        case .unanswered(let reason): return .unanswered(reason: reason)
        case .notFound: return record.isProof(ofNothingHeldBy: gateway, at: time.now()) ? .nothingHeld : .notFoundYet
        }
    }

    /// One inquiry, as an attempt of its own.
    func exchange(
        _ inquiry: Operation, at gateway: Gateway, asking record: PaymentRecord, reference: String
    ) async -> (InquiryAnswer, AttemptRecord, Heard) {
        let signedAt = time.now()
        let asked = AttemptRecord(
            number: record.nextAttempt, gateway: gateway.name, operation: .inquiry, reference: reference,
            identity: gateway.identity,
            startedAt: signedAt)
        let started = time.monotonic()
        let (answer, status) = await inquire(inquiry, at: gateway, signedAt: signedAt)
        let duration = Double((time.monotonic() - started).wholeMicroseconds) / 1000
        return (answer, asked, Heard(outcome: answer.outcome, httpStatus: status, duration: duration))
    }

    private func inquire(_ inquiry: Operation, at gateway: Gateway, signedAt: Timestamp) async -> (InquiryAnswer, Int?) {
        guard let request = try? gateway.adapter.request(for: inquiry) else { return (.unanswered(reason: "not_supported"), nil) }
        var exchange = await client.exchange(request, for: .inquiry, at: gateway, signedAt: signedAt)
        // An idle connection had closed under it. Nothing is moved by asking twice.
        if case .failed(let failure) = exchange, failure.code == .resendPrevented {
            exchange = await client.exchange(request, for: .inquiry, at: gateway, signedAt: signedAt)
        }
        switch exchange {
        case .answered(let response): return (gateway.adapter.inquiryAnswer(of: response, for: inquiry), response.status)
        case .unverified(let status): return (.unanswered(reason: "response_signature_invalid"), status)
        case .unsigned(let reason): return (.unanswered(reason: reason), nil)
        case .failed(let failure): return (.unanswered(reason: failure.code.rawValue), nil)
        }
    }

    /// A repeat found the payment's owner dead and holds the lease now (K4): ask first, then send again only what nobody was told of
    /// yet, to the same gateway, where the gateway takes the same reference again (K6, O3).
    func resume(_ charge: Charge, call: Call, telling first: FirstAnswer<Answer?>) async {
        // Somebody settled it before its dead owner's lease ran out: only the lease is left to release.
        guard charge.record.status == .processing else { return await settle(charge, call: call, telling: first) { _, _ in } }
        switch await ask(about: charge.record) {
        case .found(let outcome, let asked, let heard):
            await settle(charge, call: call, telling: first) { record, _ in
                record.append(asked, heard: heard)
                record.apply(outcome, decides: true)
            }
        case .nothingHeld where time.now() - charge.record.createdAt > Self.sendable:
            await settle(charge, call: call, telling: first) { record, decides in if decides { record.close(.gatewayUnavailable) }
            }
        case .nothingHeld, .notFoundYet: await sendAgain(charge, call: call, telling: first)
        case .unanswered: await leaveUnknown(charge, call: call, telling: first)
        }
    }

    private func leaveUnknown(_ charge: Charge, call: Call, telling first: FirstAnswer<Answer?>) async {
        await settle(charge, call: call, telling: first) { record, _ in
            record.apply(.unknown(Unknown(reason: "owner_lost")), decides: true)
        }
    }

    private func sendAgain(_ charge: Charge, call: Call, telling first: FirstAnswer<Answer?>) async {
        let now = time.now()
        guard charge.record.maySend(again: charge.gateway, at: now), let stored = await storeRepeat(of: charge, at: now) else {
            return await leaveUnknown(charge, call: call, telling: first)
        }
        let number = stored.record.attempts.count
        let heard = await send(
            charge.request, for: charge.operation, at: charge.gateway, under: charge.lease, claimed: charge.claimed, call: call,
            signedAt: now)
        await settle(stored, call: call, telling: first) { record, decides in
            record.record(heard, forAttempt: number)
            record.apply(heard.outcome, decides: decides)
        }
    }

    /// Every attempt is stored before its first byte leaves (O5). `nil` when the store did not take it: then nothing is sent.
    private func storeRepeat(of charge: Charge, at now: Timestamp) async -> Charge? {
        var next = charge.record
        next.attempts.append(
            AttemptRecord(
                number: next.nextAttempt, gateway: charge.gateway.name, operation: charge.operation.name,
                reference: next.id.text,
                identity: charge.gateway.identity, startedAt: now))
        next.version += 1
        next.updatedAt = now
        let settlement = Settlement(record: next, expectedVersion: charge.record.version, keeping: settings.keeping)
        guard case .done? = try? await store.settle(settlement) else { return nil }
        return charge.resuming(next)
    }
}

extension PaymentRecord {
    var lastChargeAttempt: AttemptRecord? {
        attempts.last { $0.operation == .payment || $0.operation == .authorize }
    }

    /// Whether "not found" there proves that nothing was processed: the same identity, every attempt there ended, and the declared
    /// delay passed since the last one (O3, O4, O5). An attempt whose end was not recorded has not ended (R3).
    func isProof(ofNothingHeldBy gateway: Gateway, at now: Timestamp) -> Bool {
        guard let delay = gateway.adapter.capabilities.notFoundFinalAfter else { return false }
        return attempts.filter { $0.gateway == gateway.name && $0.operation != .inquiry }.allSatisfy { attempt in
            guard attempt.identity == gateway.identity else { return false }
            if let end = attempt.end {
                return now - (attempt.startedAt + .milliseconds(Int64(end.duration.rounded(.up)))) >= delay
            }
            guard let life = gateway.adapter.capabilities.acceptsSignedRequestFor else { return false }
            return now - attempt.startedAt >= life + delay
        }
    }

    /// Whether the same gateway may be sent the same reference again (O3), by the same identity, while it may be sent at all (K6).
    func maySend(again gateway: Gateway, at now: Timestamp) -> Bool {
        guard let attempt = lastChargeAttempt, attempt.gateway == gateway.name, attempt.identity == gateway.identity,
            now - createdAt <= PaymentService.sendable
        else { return false }
        return gateway.adapter.capabilities.mayRepeat(after: now - createdAt)
    }
}

extension Capabilities {
    /// Until three quarters of the reference's life have passed (O3).
    func mayRepeat(after age: Duration) -> Bool {
        switch idempotency {
        case .none: false
        case .forever: true
        case .limited(let life): age < life * 0.75
        }
    }
}

extension InquiryAnswer {
    /// How the inquiry itself is listed among the attempts.
    fileprivate var outcome: Outcome {
        switch self {
        case .found(let outcome): outcome
        case .notFound: .notProcessed(NotProcessed(reason: "not_found"))
        case .unanswered(let reason): .unknown(Unknown(reason: reason))
        }
    }
}
