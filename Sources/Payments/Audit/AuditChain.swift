import Crypto
import Signing

/// How entries of a trail are tied together, in both stores and in every verification.
///
/// Redis' scripts make the link, since only there the one before is known, and have SHA-1 alone. What it is given is one link, a
/// number and one SHA-256, in digits: nobody can choose its input blocks, as a collision of SHA-1 needs, and to find another entry
/// for a link that is there takes a second preimage.
public enum AuditChain {
    /// What an entry says, and of whom: SHA-256 in hexadecimal.
    public static func digest(of json: [UInt8], in subject: AuditSubject) -> String {
        var hash = SHA256()
        hash.update(data: Array("\(subject)\n".utf8))
        hash.update(data: json)
        return Hex.encode(Array(hash.finalize()))
    }

    /// What the first entry is linked to, so that a trail cannot be moved.
    public static func origin(of subject: AuditSubject) -> String { sha1(subject.description) }

    /// - Parameter last: the link of the entry before, or `origin`.
    public static func link(after last: String, number: Int, digest: String) -> String { sha1("\(last) \(number) \(digest)") }

    private static func sha1(_ text: String) -> String { Hex.encode(Array(Insecure.SHA1.hash(data: Array(text.utf8)))) }
}
