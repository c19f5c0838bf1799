import AdapterKit
import Signing

/// protocols/stripe.md, 5: one header holds time and signatures. The event's id stands in the body, there is no nonce.
extension CallbackProof {
    init(timestamped delivery: CallbackDelivery, header: String, secrets: [Secret]) throws(CallbackRefusal) {
        let value = try delivery.headers.printable(header, length: 1...2048)
        guard let signedAt = TimestampedHMAC.verified(value, body: delivery.body, with: secrets) else { throw .badSignature }
        self.init(signedAt: signedAt)
    }
}
