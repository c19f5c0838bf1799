import AdapterKit

/// Something that happened by itself and is told by callback.
struct Occurrence: Sendable, Equatable {
    /// Stays the same in every try.
    let id: String
    let moment: Timestamp
    /// As it stands after that, or as it is wrongly told.
    var charge: Charge
    /// Set where it happened to this refund of the charge.
    var refund: Refund?

    /// Our reference of the charge or refund.
    var reference: String { refund?.reference ?? charge.reference }
}

/// With what one try of a callback is signed, rightly or wrongly.
struct Seal: Sendable {
    /// Path and query of the receiver's URL.
    let target: String
    /// The destination's key, or one with another secret.
    let key: SigningKey?
    /// Whether another secret is meant: also for keys that the face keeps itself.
    let isForged: Bool
    /// 32 hexadecimal digits, never used before.
    let nonce: String
    /// What is to be signed; not always the clock's time.
    let timestamp: Timestamp
}
