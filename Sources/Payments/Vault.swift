public import AdapterKit
import Crypto
import Signing
import Synchronization

/// Why an envelope stays closed.
public struct VaultFailure: Error, Sendable, Equatable {
    /// Safe as a metric label.
    public enum Reason: String, Sendable, CaseIterable {
        /// Its key is not in this process's ring: another replica may have it, or the next reload bring it.
        case unknownKey = "unknown_key"
        /// Changed since, or another record's.
        case altered
        /// No envelope at all, or what is in it is not what should be.
        case malformed
        case notSealed = "not_sealed"
    }

    public let reason: Reason
}

/// Encrypts what is personal (AES-GCM) and fingerprints requests, under a ring of keys: the first encrypts, all decrypt.
///
/// An envelope says its key's id in clear. A key must stay in the ring as long as what it sealed is kept (`state.retention`):
/// records are sealed again at their next write, fixed answers, fingerprints and events never are.
public final class Vault: Sendable {
    public struct Key: Sendable {
        public let id: String
        let secret: SymmetricKey

        /// `nil` unless the secret has 32 bytes and the id 1 to 64.
        public init?(id: String, secret: Secret) {
            guard secret.bytes.count == 32, (1...64).contains(id.utf8.count) else { return nil }
            self.id = id
            self.secret = SymmetricKey(data: secret.bytes)
        }
    }

    /// Never changed once made, so that whoever has got one works on without a lock.
    private final class Ring: Sendable {
        let first: Key
        let all: [Key]
        /// With what every envelope of the first key begins.
        let head: [UInt8]

        init(_ first: Key, _ others: [Key]) {
            self.first = first
            all = [first] + others
            head = [Vault.format, UInt8(first.id.utf8.count)] + Array(first.id.utf8)
        }
    }

    private static let format: UInt8 = 1
    private let current: Mutex<Ring>
    private let random: any RandomSource

    public init(first: Key, others: [Key] = [], random: any RandomSource) {
        current = Mutex(Ring(first, others))
        self.random = random
    }

    /// From now on the first of these encrypts, and all decrypt: everywhere at once, for whatever begins after it.
    public func adopt(first: Key, others: [Key] = []) {
        let next = Ring(first, others)
        current.withLock { $0 = next }
    }

    private var ring: Ring { current.withLock { $0 } }

    // MARK: Sealing

    /// - Parameter record: the id of the record it belongs to, and its role there if it is not the only one; it opens there and
    ///   nowhere else.
    public func seal(_ plain: [UInt8], for record: String) throws(VaultFailure) -> [UInt8] {
        try seal(plain, for: record, under: ring, nonce: random.bytes(12))
    }

    /// The same envelope whenever the same is sealed for the same record, so that a write that is made again is known as the same.
    ///
    /// The nonce is a keyed digest of all of it (the idea of RFC 5297): another text has another nonce.
    func sealRepeatably(_ plain: [UInt8], for record: String) throws(VaultFailure) -> [UInt8] {
        let ring = ring
        let text = Array("nonce".utf8) + [0] + Array(record.utf8) + [0] + plain
        let digest = HMAC<SHA256>.authenticationCode(for: text, using: ring.first.secret)
        return try seal(plain, for: record, under: ring, nonce: Array(digest.prefix(12)))
    }

    /// The same content under the newest key; `nil` where it is under it already, or cannot be opened.
    func renewed(_ envelope: [UInt8], for record: String) -> [UInt8]? {
        guard !envelope.isEmpty, !envelope.starts(with: ring.head), let plain = try? open(envelope, for: record) else {
            return nil
        }
        return try? sealRepeatably(plain, for: record)
    }

    private func seal(
        _ plain: [UInt8], for record: String, under ring: Ring, nonce: [UInt8]
    ) throws(VaultFailure) -> [UInt8] {
        do {
            let box = try AES.GCM.seal(
                plain, using: ring.first.secret, nonce: AES.GCM.Nonce(data: nonce), authenticating: Array(record.utf8))
            var envelope: [UInt8] = []
            envelope.reserveCapacity(ring.head.count + 28 + plain.count)
            envelope.append(contentsOf: ring.head)
            envelope.append(contentsOf: nonce)
            envelope.append(contentsOf: box.ciphertext)
            envelope.append(contentsOf: box.tag)
            return envelope
        } catch { throw VaultFailure(reason: .notSealed) }
    }

    // MARK: Opening

    public func open(_ envelope: [UInt8], for record: String) throws(VaultFailure) -> [UInt8] {
        guard envelope.count >= 2, envelope[0] == Self.format else { throw VaultFailure(reason: .malformed) }
        let bodyStart = 2 + Int(envelope[1])
        guard envelope.count >= bodyStart + 28 else { throw VaultFailure(reason: .malformed) }
        guard let key = ring.all.first(where: { $0.id.utf8.elementsEqual(envelope[2..<bodyStart]) }) else {
            throw VaultFailure(reason: .unknownKey)
        }
        do {
            let box = try AES.GCM.SealedBox(
                nonce: AES.GCM.Nonce(data: envelope[bodyStart..<bodyStart + 12]),
                ciphertext: envelope[(bodyStart + 12)..<(envelope.count - 16)], tag: envelope[(envelope.count - 16)...])
            return Array(try AES.GCM.open(box, using: key.secret, authenticating: Array(record.utf8)))
        } catch { throw VaultFailure(reason: .altered) }
    }

    /// The request's fingerprint under each key (K2): members in order, so that order and white space do not matter.
    /// - Parameter request: the body; a card's CVC is left out.
    public func fingerprints(operation: String, request: JSON) -> [String] {
        let canonical = Array(operation.utf8) + [0] + request.withoutCVC.canonical.encoded()
        return ring.all.map { key in
            let code = HMAC<SHA256>.authenticationCode(for: Array("fingerprint".utf8) + [0] + canonical, using: key.secret)
            return "\(key.id):\(Hex.encode(code))"
        }
    }
}

extension JSON {
    /// The same value without the member `cvc` of any object.
    var withoutCVC: JSON {
        guard case .object(let members) = self else { return self }
        return .object(members.filter { $0.name != "cvc" }.map { Member($0.name, $0.value.withoutCVC) })
    }
}
