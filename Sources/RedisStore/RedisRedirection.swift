/// A node's word that a command belongs elsewhere: `MOVED 3999 10.0.0.2:6379`, for good; `ASK …`, for this once.
///
/// The node executed nothing of the command: the redirection is judged from its keys, before anything is done. So sending it on
/// is always safe.
struct RedisRedirection: Sendable, Equatable {
    let slot: RedisSlot
    let node: RedisNode
    let isForGood: Bool

    /// - Parameter asked: who said it; its host where none is named.
    init?(_ reply: RedisReply, from asked: RedisNode) {
        guard case .error(let message) = reply else { return nil }
        let words = message.split(separator: " ")
        guard words.count == 3, words[0] == "MOVED" || words[0] == "ASK", let slot = Int(words[1]).flatMap({ RedisSlot($0) }),
            let colon = words[2].lastIndex(of: ":"), let port = Int(words[2][words[2].index(after: colon)...]),
            (1...65_535).contains(port), words[2][..<colon] != "?"
        else { return nil }
        self.slot = slot
        node = RedisNode(host: colon == words[2].startIndex ? asked.host : String(words[2][..<colon]), port: port)
        isForGood = words[0] == "MOVED"
    }
}
