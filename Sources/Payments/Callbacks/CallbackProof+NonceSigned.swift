import AdapterKit
import Signing

/// protocols/npci-upi.md, 5: the shared key first, then the sender's own. The nonce is looked up after both have held.
extension CallbackProof {
    /// Stands in for the key where none has the id, so that both take one HMAC. What it would verify is refused all the same.
    private static let absentKey = Secret(text: "no key has this id")

    init(nonceSigned delivery: CallbackDelivery, scheme: NonceSigned, at now: Timestamp) throws(CallbackRefusal) {
        let names = scheme.names
        let sender = try delivery.headers.printable(names.sender, length: 1...128)
        let time = try delivery.headers.printable(names.timestamp, length: 20...20)
        let nonce = try delivery.headers.printable(names.nonce, length: 16...64)
        let keyID = try delivery.headers.printable(names.keyID, length: 1...128)
        let signature = try delivery.headers.printable(names.signature, length: 1...128)
        guard let signedAt = Timestamp(wholeSecondsRFC3339: time), NonceSignature.isNonce(nonce) else { throw .headerMalformed }
        let message = NonceSignature.Message(
            method: delivery.method, path: String(delivery.target.prefix { $0 != "?" }), timestamp: time, nonce: nonce,
            body: delivery.body)
        let secrets = KeyRing(scheme.keys).verifying(id: keyID, at: now).map(\.secret)
        let holds = NonceSignature.verify(signature, of: message, with: secrets.isEmpty ? [Self.absentKey] : secrets)
        guard !secrets.isEmpty else { throw .keyUnknown }
        // Not signed itself: it only says which of the sender's names goes with these keys.
        guard holds, sender == scheme.sender else { throw .badSignature }
        if let payload = scheme.payload {
            let own = try delivery.headers.printable(names.payloadSignature, length: 1...256)
            guard NonceSignature.verifyPayload(own, of: message, payload) else { throw .badSignature }
        }
        self.init(signedAt: signedAt, nonce: nonce)
    }
}
