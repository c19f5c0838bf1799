import AdapterKit
import Signing

/// protocols/standard-webhooks.md, 5: the message's id, the same on every repeat, is the event's. There is no nonce.
extension CallbackProof {
    init(standardWebhooks delivery: CallbackDelivery, secrets: [Secret]) throws(CallbackRefusal) {
        let id = try delivery.headers.printable("webhook-id", length: 1...128)
        let time = try delivery.headers.printable("webhook-timestamp", length: 1...20)
        let signature = try delivery.headers.printable("webhook-signature", length: 1...2048)
        guard !id.utf8.contains(UInt8(ascii: ".")), let signedAt = StandardWebhooks.timestamp(time) else {
            throw .headerMalformed
        }
        guard StandardWebhooks.verify(signature, id: id, timestamp: time, body: delivery.body, with: secrets) else {
            throw .badSignature
        }
        self.init(signedAt: signedAt, eventID: id)
    }
}
