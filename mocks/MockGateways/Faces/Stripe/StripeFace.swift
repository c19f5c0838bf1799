public import AdapterKit
import Signing

/// A gateway that speaks protocols/stripe.md: PaymentIntents that are confirmed at once, refunds, webhooks.
struct StripeFace: Face {
    private let key: Secret
    private let used = UsedKeys()

    /// - Parameter key: the secret key that requests must bear.
    init(key: Secret) { self.key = key }

    func declineCode(for category: FailureCategory) -> String { StripeDecline.code(for: category) }

    func acknowledges(_ status: Int) -> Bool { (200..<300).contains(status) }

    func reset() { used.forget() }
}

// MARK: - Requests

extension StripeFace {
    func read(_ request: CollectedRequest, in books: Books, at now: Timestamp) -> Reading {
        let route = StripeRoute(method: request.method, path: request.path)
        return Reading(operation: route?.operation, content: content(of: request, to: route, in: books))
    }

    private func content(of request: CollectedRequest, to route: StripeRoute?, in books: Books) -> Reading.Content {
        guard isKnown(request) else { return .unproved(StripeWriter.reply(.unknownKey)) }
        guard let route else { return .refused(StripeWriter.reply(.unknownPath)) }
        let key = request.only("Idempotency-Key") ?? ""
        let writer = StripeWriter(keyed: route.changes ? .init(key: key, request: request.identity, used: used) : nil)
        switch writer.keyed?.standing {
        case .usedOtherwise: return .refused(StripeWriter.reply(.keyUsedOtherwise))
        case .repeated(let reply?): return .answered(StripeWriter.replayed(reply))
        // The books know what became of a charge that is asked for again.
        case nil, .new, .repeated(nil): break
        }
        do throws(StripeFault) {
            guard let fields = StripeParameters(request.body) else { throw StripeFault.invalid("body") }
            let call = try BankCall(route, fields, key: key, in: books)
            return .asked(Asked(call: call, usual: fields["payment_method"].flatMap(StripeDecline.usual), writer: writer))
        } catch {
            return .refused(StripeWriter.reply(error))
        }
    }

    private func isKnown(_ request: CollectedRequest) -> Bool {
        guard let header = request.only("Authorization"), header.hasPrefix("Bearer ") else { return false }
        return Secret(text: String(header.dropFirst("Bearer ".count))) == key
    }
}

extension CollectedRequest {
    /// What is the same in every repeat.
    fileprivate var identity: [UInt8] { Array("\(method) \(target)\n".utf8) + body }
}

// MARK: - Webhooks

extension StripeFace {
    func callback(telling told: [Occurrence], _ seal: Seal) -> CallbackPost? {
        guard let occurrence = told.first, let key = seal.key else { return nil }
        let body = occurrence.event.encoded()
        let signature = TimestampedHMAC.header(
            timestamp: String(seal.timestamp.seconds), body: body, secrets: [key.secret])
        return CallbackPost(
            target: seal.target, headers: [("Content-Type", "application/json"), ("Stripe-Signature", signature)], body: body)
    }
}

extension Occurrence {
    /// protocols/stripe.md, 5.
    fileprivate var event: JSON {
        .members([
            ("id", .string(id)), ("object", .string("event")), ("api_version", .string("2026-10-28.endive")),
            ("created", .integer(moment.seconds)),
            ("data", .members([("object", refund?.object(of: charge) ?? charge.paymentIntent)])), ("livemode", .bool(false)),
            ("pending_webhooks", .integer(1)), ("type", .string(type)),
        ])
    }

    private var type: String {
        if let refund { return refund.status == .declined ? "refund.failed" : "refund.updated" }
        return switch charge.status {
        case .approved: "payment_intent.succeeded"
        case .authorized: "payment_intent.amount_capturable_updated"
        case .pending: "payment_intent.processing"
        case .actionRequired: "payment_intent.requires_action"
        case .declined: "payment_intent.payment_failed"
        case .voided: "payment_intent.canceled"
        }
    }
}

extension GatewayFace {
    /// protocols/stripe.md.
    /// - Parameter key: the secret key that requests must bear.
    public static func stripe(key: Secret) -> GatewayFace { GatewayFace(face: StripeFace(key: key)) }
}
