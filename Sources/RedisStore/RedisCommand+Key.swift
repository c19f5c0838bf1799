extension RedisCommand {
    static let asking = RedisCommand("ASKING")

    /// By which a cluster routes it; `nil` where it names none.
    ///
    /// Of the commands of these stores. `XREAD`, which names its key elsewhere, goes over a connection of its own.
    var key: [UInt8]? {
        let words = arguments(4)
        return switch words.first.map({ String(decoding: $0, as: UTF8.self) }) {
        case "EVALSHA", "EVAL": words.count > 3 && words[2] != [UInt8(ascii: "0")] ? words[3] : nil
        case "PING", "TIME", "CONFIG", "WAIT", "SCRIPT": nil
        default: words.count > 1 ? words[1] : nil
        }
    }
}
