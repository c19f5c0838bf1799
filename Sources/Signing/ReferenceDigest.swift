import Crypto

/// Derives what a gateway takes for a reference from ours, where it takes less than ours holds.
public enum ReferenceDigest {
    /// The first characters of the SHA-256 of a reference, in lower-case hexadecimal.
    /// - Parameter length: 1 to 64.
    public static func hexadecimal(_ reference: String, length: Int) -> String {
        String(Hex.encode(SHA256.hash(data: Array(reference.utf8))).prefix(length))
    }
}
