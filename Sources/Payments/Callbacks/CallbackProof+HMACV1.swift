import AdapterKit
import Signing

/// protocols/bank-hmac.md, "Callbacks": scheme v1 with the nonce as tenant and the event id as idempotency key.
extension CallbackProof {
    /// Stands in for the key where none has the id, so that both take one HMAC. What it would verify is refused all the same.
    private static let absentKey = Secret(text: "no key has this id")

    init(hmacV1 delivery: CallbackDelivery, keys: [SigningKey], at now: Timestamp) throws(CallbackRefusal) {
        let keyID = try delivery.headers.printable("X-Key-Id", length: 1...128)
        let time = try delivery.headers.printable("X-Timestamp", length: 20...20)
        let nonce = try delivery.headers.printable("X-Nonce", length: 16...64)
        let eventID = try delivery.headers.printable("X-Event-Id", length: 1...128)
        let signature = try delivery.headers.printable("X-Signature", length: 1...1024)
        guard let signedAt = Timestamp(wholeSecondsRFC3339: time) else { throw .headerMalformed }
        let secrets = KeyRing(keys).verifying(id: keyID, at: now).map(\.secret)
        let request = HMACV1.Request(
            method: delivery.method, target: delivery.target, body: delivery.body, tenant: nonce, idempotencyKey: eventID,
            timestamp: time)
        let holds = HMACV1.verify(signature, of: request, with: secrets.isEmpty ? [Self.absentKey] : secrets)
        guard !secrets.isEmpty else { throw .keyUnknown }
        guard holds else { throw .badSignature }
        self.init(signedAt: signedAt, eventID: eventID, nonce: nonce)
    }
}
