public import AdapterKit
import Crypto
import Signing

/// No key of the ring opens it, or it was altered or moved to another record.
public struct VaultFailure: Error, Sendable, Equatable {
    public let reason: String
}

/// Encrypts what is personal (AES-GCM) and fingerprints requests, under a ring of keys: the first encrypts, all decrypt.
public struct Vault: Sendable {
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

    private static let format: UInt8 = 1
    private let first: Key
    private let others: [Key]
    private let random: any RandomSource

    public init(first: Key, others: [Key] = [], random: any RandomSource) {
        self.first = first
        self.others = others
        self.random = random
    }

    /// - Parameter record: the id of the record it belongs to; it opens there and nowhere else.
    public func seal(_ plain: [UInt8], for record: String) throws(VaultFailure) -> [UInt8] {
        do {
            let nonce = try AES.GCM.Nonce(data: random.bytes(12))
            let box = try AES.GCM.seal(plain, using: first.secret, nonce: nonce, authenticating: Array(record.utf8))
            var envelope: [UInt8] = []
            envelope.reserveCapacity(2 + first.id.utf8.count + 28 + plain.count)
            envelope.append(Self.format)
            envelope.append(UInt8(first.id.utf8.count))
            envelope.append(contentsOf: first.id.utf8)
            envelope.append(contentsOf: nonce)
            envelope.append(contentsOf: box.ciphertext)
            envelope.append(contentsOf: box.tag)
            return envelope
        } catch { throw VaultFailure(reason: "cannot encrypt") }
    }

    public func open(_ envelope: [UInt8], for record: String) throws(VaultFailure) -> [UInt8] {
        guard envelope.count >= 2, envelope[0] == Self.format else { throw VaultFailure(reason: "not an envelope") }
        let bodyStart = 2 + Int(envelope[1])
        guard envelope.count >= bodyStart + 28 else { throw VaultFailure(reason: "cut short") }
        let id = String(decoding: envelope[2..<bodyStart], as: UTF8.self)
        guard let key = ([first] + others).first(where: { $0.id == id }) else {
            throw VaultFailure(reason: "its key is not in the ring")
        }
        do {
            let box = try AES.GCM.SealedBox(
                nonce: AES.GCM.Nonce(data: envelope[bodyStart..<bodyStart + 12]),
                ciphertext: envelope[(bodyStart + 12)..<(envelope.count - 16)], tag: envelope[(envelope.count - 16)...])
            return Array(try AES.GCM.open(box, using: key.secret, authenticating: Array(record.utf8)))
        } catch { throw VaultFailure(reason: "altered, or another record's") }
    }

    /// The request's fingerprint under each key (K2): members in order, so that order and white space do not matter.
    /// - Parameter request: the body; a card's CVC is left out.
    public func fingerprints(operation: String, request: JSON) -> [String] {
        let canonical = Array(operation.utf8) + [0] + request.withoutCVC.canonical.encoded()
        return ([first] + others).map { key in
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
