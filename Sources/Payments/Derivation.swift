import Crypto
import Signing

/// Derives ids from what the caller chose (K1), so that a retry after any crash finds the same payment and the gateway sees the
/// same reference.
public struct Derivation: Sendable {
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    private let deployment: String

    public init(deployment: String) { self.deployment = deployment }

    public func payment(tenant: String, key: String) -> PaymentID? {
        PaymentID(PaymentID.prefix + derived(tenant: tenant, operation: "POST /v1/payments", key: key))
    }

    public func operation(_ kind: OperationRecord.Kind, of payment: PaymentID, tenant: String, key: String) -> OperationID? {
        let path =
            switch kind {
            case .capture: "capture"
            case .void: "void"
            case .refund: "refunds"
            case .reversal: "reversals"
            }
        return OperationID(
            kind.prefix + derived(tenant: tenant, operation: "POST /v1/payments/\(payment)/\(path)", key: key))
    }

    /// The one reversal that a payment can have at a gateway (R6): so it is made once, whoever makes it.
    public func reversal(of payment: PaymentID, tenant: String, at gateway: String) -> OperationID? {
        operation(.reversal, of: payment, tenant: tenant, key: gateway)
    }

    /// The id under which a callback that cannot be applied is kept: the same for each of its repeats.
    func callback(of gateway: String, key: String) -> CallbackID? {
        CallbackID(CallbackID.prefix + derived(tenant: gateway, operation: "callback", key: key))
    }

    /// Digest of what makes a gateway that gateway: a "not found" under another identity proves nothing (O5).
    public static func identity(adapter: String, baseURL: String, account: [String]) -> String {
        String(Hex.encode(digest([adapter, baseURL] + account)).prefix(32))
    }

    /// 130 bits of SHA-256 as 26 characters. Every part carries its length, so that no two lists of parts meet.
    private func derived(tenant: String, operation: String, key: String) -> String {
        var characters: [UInt8] = []
        var buffer: UInt32 = 0
        var bits = 0
        for byte in Self.digest([deployment, tenant, operation, key]) where characters.count < 26 {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 5, characters.count < 26 {
                bits -= 5
                characters.append(Self.alphabet[Int(buffer >> UInt32(bits) & 31)])
            }
            buffer &= (1 << UInt32(bits)) - 1
        }
        return String(decoding: characters, as: UTF8.self)
    }

    private static func digest(_ parts: [String]) -> SHA256.Digest {
        var hash = SHA256()
        for part in parts {
            let length = UInt32(part.utf8.count)
            hash.update(data: (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) })
            hash.update(data: Array(part.utf8))
        }
        return hash.finalize()
    }
}
