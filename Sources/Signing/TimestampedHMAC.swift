public import AdapterKit
import Crypto

/// One header with a time and signatures, `t=1767225600,v1=hex[,v1=hex]` (protocols/stripe.md, 5): HMAC-SHA-256 over the time, a dot
/// and the body. The secret is used as the text it is, whatever its prefix. Other schemes in the header are passed over.
public enum TimestampedHMAC {
    /// Elements looked at in one header, those of other schemes among them.
    static let maximumElements = 16
    static let signatureBytes = 32

    /// The header's value.
    /// - Parameter timestamp: whole seconds since 1970.
    public static func header(timestamp: String, body: [UInt8], secrets: [Secret]) -> String {
        (["t=\(timestamp)"] + secrets.map { "v1=" + Hex.encode(code(timestamp, body, $0)) }).joined(separator: ",")
    }

    /// The time that the header names, if one of its signatures was made by one of the secrets. Every pair is compared, in constant
    /// time. Whether the time lies within the window is for the caller to judge.
    /// - Returns: `nil` also where the header has no time, two, or one that is not a number of seconds.
    public static func verified(_ header: String, body: [UInt8], with secrets: [Secret]) -> Timestamp? {
        let elements = header.split(separator: ",", omittingEmptySubsequences: false).prefix(maximumElements).compactMap(element)
        let times = elements.filter { $0.name == "t" }
        guard times.count == 1, let time = StandardWebhooks.timestamp(String(times[0].value)) else { return nil }
        let sent = elements.filter { $0.name == "v1" }.compactMap { Hex.decode($0.value) }.filter { $0.count == signatureBytes }
        var holds = false
        for secret in secrets {
            let expected = code(String(times[0].value), body, secret)
            for signature in sent where Secret.constantTimeEqual(signature, expected) { holds = true }
        }
        return holds ? time : nil
    }

    private static func element(_ text: Substring) -> (name: Substring, value: Substring)? {
        guard let mark = text.firstIndex(of: "=") else { return nil }
        return (text[..<mark], text[text.index(after: mark)...])
    }

    private static func code(_ timestamp: String, _ body: [UInt8], _ secret: Secret) -> [UInt8] {
        var code = HMAC<SHA256>(key: SymmetricKey(data: secret.bytes))
        code.update(data: Array(timestamp.utf8) + [UInt8(ascii: ".")])
        code.update(data: body)
        return Array(code.finalize())
    }
}
