import AdapterKit
import Crypto

extension Secret {
    /// HMAC-SHA-256 under this secret, ready for the message: the key's own part is done once.
    var hmac: HMAC<SHA256> { key.get { HMAC(key: SymmetricKey(data: bytes)) } }
}
