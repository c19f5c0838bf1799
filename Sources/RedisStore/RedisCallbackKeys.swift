import Crypto
import Payments

/// Names of keys. Each mark and each reference has a slot of its own of a Redis Cluster, what is kept shares one. What gateways
/// and payers wrote stands there only as its SHA-256.
struct RedisCallbackKeys: Sendable {
    let prefix: String

    func mark(_ mark: CallbackMark) -> String { "\(prefix){m:\(mark.kind.rawValue):\(mark.gateway):\(digest(mark.value))}" }

    /// What it names, and who waits for it.
    func reference(_ reference: GatewayReference) -> [String] {
        let key = "\(prefix){g:\(reference.gateway):\(digest(reference.value))}"
        return [key, key + ":waiting"]
    }

    var kept: String { "\(prefix){callbacks}:kept" }
    var tally: String { "\(prefix){callbacks}:tally" }
    /// Operators' decisions, newest first.
    var decisions: String { "\(prefix){callbacks}:decisions" }
    func shelf(_ kind: KeptCallback.Kind) -> String { "\(prefix){callbacks}:\(kind.rawValue)" }

    var all: [String] { [kept, tally] + KeptCallback.Kind.allCases.map(shelf) }

    private func digest(_ text: String) -> String { hexadecimal(SHA256.hash(data: Array(text.utf8))) }
}
