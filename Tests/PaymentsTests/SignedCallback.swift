import AdapterKit
import Payments
import Signing

/// A callback of the reference bank as it is signed, and as it is posted. What is left alone is the sample of
/// protocols/bank-hmac.md, "Test vectors".
struct SignedCallback {
    static let time = "2026-01-02T03:04:05Z"
    static let signature = "v1=zn7V9gQrAdpC+YPrrqg631BNK/BQgX7weglUx26UlHo="
    static let secret = Secret(text: "k3y-for-tests-only")
    static let names = ["X-Key-Id", "X-Timestamp", "X-Nonce", "X-Event-Id", "X-Signature"]

    var gateway = "bank-a"
    var method = "POST"
    var target = "/callbacks/bank-a"
    var body = #"{"event_id":"evt_1"}"#
    var keyID = "k1"
    var time = Self.time
    var nonce = "n0nce-0123456789"
    var eventID = "evt_1"
    var source: String? = "192.0.2.1"
    var certificateSubject: String?

    func signature(with secret: Secret = secret) throws -> String {
        try HMACV1.signature(
            of: HMACV1.Request(
                method: method, target: target, body: Array(body.utf8), tenant: nonce, idempotencyKey: eventID, timestamp: time),
            with: secret)
    }

    func posted(signedBy secret: Secret = secret) throws -> CallbackDelivery { posted(try signature(with: secret)) }

    func posted(_ signature: String) -> CallbackDelivery {
        posted(Array(zip(Self.names, [keyID, time, nonce, eventID, signature])))
    }

    func posted(_ headers: [(String, String)]) -> CallbackDelivery {
        CallbackDelivery(
            gateway: gateway, method: method, target: target, headers: Headers(headers), body: Array(body.utf8), source: source,
            certificateSubject: certificateSubject)
    }
}
