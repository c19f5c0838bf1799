import AdapterKit
import NIOHTTP1
import Signing

/// Judges whether a request comes from the one client of this bank (protocols/bank-hmac.md, "Signature v1").
struct Gatekeeper: Sendable {
    let tenant: String
    let keys: KeyRing
    private let window = TimestampWindow()

    init(tenant: String, keys: [SigningKey]) {
        self.tenant = tenant
        self.keys = KeyRing(keys)
    }

    enum Verdict: Equatable {
        /// The key that verified the request also signs the answer.
        case known(SigningKey)
        case refused(code: String)
    }

    func judge(_ request: CollectedRequest, at now: Timestamp) -> Verdict {
        guard let timestamp = request.only("X-Timestamp"), let signature = request.only("X-Signature"),
            let keyID = request.only("X-Key-Id"), request.only("X-Tenant-Id") == tenant, request.only("X-Request-Id") != nil,
            request.head.headers["Idempotency-Key"].count <= 1
        else { return .refused(code: "INVALID_SIGNATURE") }
        let signed = HMACV1.Request(
            method: request.method, target: request.head.uri, body: request.body, tenant: tenant,
            idempotencyKey: request.only("Idempotency-Key") ?? "", timestamp: timestamp)
        let key = keys.verifying(id: keyID, at: now).first { HMACV1.verify(signature, of: signed, with: [$0.secret]) }
        guard let key else { return .refused(code: "INVALID_SIGNATURE") }
        guard let sent = Timestamp(wholeSecondsRFC3339: timestamp), window.contains(sent, at: now) else {
            return .refused(code: "TIMESTAMP_OUTSIDE_WINDOW")
        }
        return .known(key)
    }
}
