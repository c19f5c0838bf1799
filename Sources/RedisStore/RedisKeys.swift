import Crypto
import Payments

/// Names of keys. Those of one payment share the hash tag of its bucket, and so its slot of a Redis Cluster.
struct RedisKeys: Sendable {
    let prefix: String

    /// What every script is given: the payment, its operations, the mark of its key, its bucket's due index, its audit trail; its
    /// bucket's tally, and the shelves with the queue, the dead letters and the unknown; its bucket's outbox, the marks of its
    /// callbacks, and the callbacks that wait for it.
    func all(of payment: PaymentID) -> [String] { Self.parts(of: payment).map { key(payment.bucket, $0 + $1) } }

    /// Behind their number.
    func appendAll(of payment: PaymentID, and others: [String] = [], to command: inout RedisCommand) {
        let parts = Self.parts(of: payment)
        let tag = key(payment.bucket, "").utf8
        command.append(parts.count + others.count)
        for (name, id) in parts {
            command.append { bytes in
                bytes += tag
                bytes += name.utf8
                bytes += id.utf8
            }
        }
        for other in others { command.append(other) }
    }

    /// Behind the tag.
    private static func parts(of payment: PaymentID) -> [(name: String, id: String)] {
        let id = payment.text
        return [
            ("p:", id), ("o:", id), ("k:", id), ("due", ""), ("a:", id), ("tally", ""), ("shelf:queue", ""), ("shelf:dead", ""),
            ("shelf:unknown", ""), ("outbox", ""), ("c:", id), ("i:", id),
        ]
    }

    /// A stream. Fields of an entry: `tenant`, `payment`, `object`, `version`, `kind`, `cause`, `at` (milliseconds), `data` (sealed).
    func outbox(_ bucket: String) -> String { key(bucket, "outbox") }

    /// As `RedisAuditScript` has it, in the slot of what its entries are about.
    func trail(of subject: AuditSubject) -> String {
        switch subject {
        case .payment(let id): key(id.bucket, "a:\(id)")
        case .gateway(let name): key("breakers", "audit:\(name)")
        case .tenant(let name): key("t:\(name)", "audit")
        case .configuration: key("audit", "configuration")
        }
    }

    /// A set: all that has a trail, payments excepted.
    var auditSubjects: String { key("audit", "subjects") }

    /// Sent before the first entry, so that no trail is unknown.
    func register(_ subject: AuditSubject) -> RedisCommand { RedisCommand("SADD", auditSubjects, subject.description) }

    /// For SCAN: the payments themselves.
    var anyPayment: String {
        let literal = prefix.map { "*?[]^\\".contains($0) ? "\\\($0)" : String($0) }.joined()
        return "\(literal){*}:p:pay_*"
    }

    /// Callbacks, the score is microseconds on Redis' clock.
    func waiting(for payment: PaymentID) -> String { key(payment.bucket, "i:\(payment)") }

    // MARK: Of a bucket

    /// All 1,024: two characters of the alphabet that ids are derived with.
    static let buckets: [String] = {
        let alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
        return alphabet.flatMap { first in alphabet.map { "\(first)\($0)" } }
    }()

    /// Members are `lane work`, the score is milliseconds on Redis' clock.
    func due(_ bucket: String) -> String { key(bucket, "due") }

    /// Members are `gateway work`, the score is microseconds on Redis' clock.
    func shelf(_ kind: Shelf.Kind, _ bucket: String) -> String { key(bucket, "shelf:\(kind.rawValue)") }

    /// How many lie on each shelf of the bucket: a hash of `kind gateway`.
    func tally(_ bucket: String) -> String { key(bucket, "tally") }

    /// Entries of the outbox that cannot be read, packed by MessagePack, newest first.
    func corrupt(_ bucket: String) -> String { key(bucket, "outbox:corrupt") }

    // MARK: Of a tenant

    /// A stream: the outbox's fields without the tenant. All keys of the feed and its deliveries share its hash tag.
    func feed(of tenant: String) -> String { key("t:\(tenant)", "feed") }

    /// One of an endpoint's keys, as the scripts of the feed name them.
    func delivery(_ part: String, to endpoint: EndpointID) -> String {
        key("t:\(endpoint.tenant)", "e:\(endpoint.name):\(part)")
    }

    /// What is missing of the tenant's quota: millionths of a token, a blank, and microseconds on Redis' clock since when. It is there
    /// as long as something is missing.
    func quota(of tenant: String) -> String { key("t:\(tenant)", "quota") }

    // MARK: Of nobody

    /// What no key is called. A script that is given it beside its own is refused by a Redis Cluster as long as its slot moves: where
    /// only some of its keys are there yet, or still, it would otherwise end in the middle.
    static func absent(beside key: String) -> String { key + ":absent" }

    private func key(_ tag: String, _ rest: String) -> String { "\(prefix){\(tag)}:\(rest)" }

    /// The index of a tenant's reference. It has a slot of its own, so no script touches it.
    func index(tenant: String, reference: String) -> String {
        // The length in front keeps "a" + "bc" apart from "ab" + "c".
        let digest = SHA256.hash(data: Array("\(tenant.utf8.count):\(tenant)\(reference)".utf8))
        return "\(prefix){\(hexadecimal(digest))}:r"
    }
}

/// Two lower-case digits for each byte.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    func digit(_ value: UInt8) -> UInt8 { value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10 }
    var text: [UInt8] = []
    text.reserveCapacity(64)
    for byte in bytes {
        text.append(digit(byte >> 4))
        text.append(digit(byte & 15))
    }
    return String(decoding: text, as: UTF8.self)
}
