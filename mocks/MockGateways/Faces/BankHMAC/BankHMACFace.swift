public import AdapterKit
import Signing

/// A bank that speaks protocols/bank-hmac.md.
struct BankHMACFace: Face {
    private let gatekeeper: Gatekeeper

    /// - Parameters:
    ///   - tenant: what `X-Tenant-Id` has to be.
    ///   - keys: that requests may be signed with. The one that signed a request also signs its answer.
    init(tenant: String, keys: [SigningKey]) { gatekeeper = Gatekeeper(tenant: tenant, keys: keys) }

    func declineCode(for category: FailureCategory) -> String { BankHMACCode.code(for: category) }

    func callback(telling told: [Occurrence], _ seal: Seal) -> CallbackPost? {
        guard let occurrence = told.first, let key = seal.key else { return nil }
        let request = CallbackRequest(
            eventID: occurrence.id, nonce: seal.nonce, timestamp: seal.timestamp, key: key, target: seal.target,
            body: BankEvent(occurrence).body)
        return try? request.post()
    }
}

// MARK: - Requests

extension BankHMACFace {
    func read(_ request: CollectedRequest, in books: Books, at now: Timestamp) -> Reading {
        let route = BankRoute(method: request.method, path: request.path)
        let requestID = request.only("X-Request-Id") ?? ""
        let content: Reading.Content
        switch gatekeeper.judge(request, at: now) {
        case .refused(let code):
            let writer = BankHMACWriter(requestID: requestID, key: gatekeeper.keys.signing(at: now))
            content = .unproved(writer.signed(.refusal(401, code), at: now))
        case .known(let key):
            content = Self.read(request, to: route, BankHMACWriter(requestID: requestID, key: key), at: now)
        }
        return Reading(operation: route?.operation, content: content)
    }

    private static func read(
        _ request: CollectedRequest, to route: BankRoute?, _ writer: BankHMACWriter, at now: Timestamp
    ) -> Reading.Content {
        guard let route else { return .refused(writer.signed(.refusal(404, "UNKNOWN_PATH"), at: now)) }
        let call: BankCall
        do { call = try BankCall(route, body: request.body) } catch {
            return .refused(writer.signed(.refusal(400, error.code), at: now))
        }
        guard call.accepts(idempotencyKey: request.only("Idempotency-Key")) else {
            return .unproved(writer.signed(.refusal(401, "IDEMPOTENCY_KEY_MISMATCH"), at: now))
        }
        return .asked(Asked(call: call, writer: writer))
    }
}

extension BankHMACWriter {
    fileprivate func signed(_ answer: Answer, at now: Timestamp) -> Reply {
        var reply = reply(answer)
        seal(&reply, nil, at: now)
        return reply
    }
}

extension BankCall {
    /// Every POST carries a key: the reference where there is one, any where there is none.
    fileprivate func accepts(idempotencyKey sent: String?) -> Bool {
        switch self {
        case .inquiry, .refundInquiry: true
        case .accountValidation, .session: sent?.isEmpty == false
        case .charge, .capture, .void, .refund: sent == idempotencyKey
        }
    }
}

extension BankEvent {
    fileprivate init(_ occurrence: Occurrence) {
        let charge = occurrence.charge
        self.init(
            id: occurrence.id, kind: occurrence.refund == nil ? .chargeUpdated : .refundUpdated, occurredAt: occurrence.moment,
            data: occurrence.refund?.json(of: charge.reference) ?? charge.json)
    }
}

extension GatewayFace {
    /// protocols/bank-hmac.md.
    /// - Parameters:
    ///   - tenant: what `X-Tenant-Id` has to be.
    ///   - keys: that requests may be signed with. The one that signed a request also signs its answer.
    public static func bankHMAC(tenant: String, keys: [SigningKey]) -> GatewayFace {
        GatewayFace(face: BankHMACFace(tenant: tenant, keys: keys))
    }
}
