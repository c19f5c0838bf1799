import Crypto
import Payments

/// Names of keys. Those of one payment share the hash tag of its bucket, and so its slot of a Redis Cluster.
struct RedisKeys: Sendable {
    let prefix: String

    /// What every script is given: the payment, its operations, the mark of its key.
    func all(of payment: PaymentID) -> [String] {
        ["p", "o", "k"].map { "\(prefix){\(payment.bucket)}:\($0):\(payment)" }
    }

    /// The index of a tenant's reference. It has a slot of its own, so no script touches it.
    func index(tenant: String, reference: String) -> String {
        // The length in front keeps "a" + "bc" apart from "ab" + "c".
        let digest = SHA256.hash(data: Array("\(tenant.utf8.count):\(tenant)\(reference)".utf8))
        return "\(prefix){\(hexadecimal(digest))}:r"
    }
}

/// Two lower-case digits for each byte.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    let text = bytes.flatMap { byte in [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
    return String(decoding: text, as: UTF8.self)
}
