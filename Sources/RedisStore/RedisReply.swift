import Payments

/// One reply of Redis, in RESP2's five kinds and nil.
enum RedisReply: Sendable, Equatable {
    case null
    case integer(Int64)
    case status(String)
    case bytes([UInt8])
    case array([RedisReply])
    /// May quote what was sent: never logged as it is.
    case error(String)
    /// There is none: the node of a cluster that was to give it cannot be reached, while others may have answered theirs.
    case failed(StoreFailure)

    var bytes: [UInt8]? { if case .bytes(let bytes) = self { bytes } else { nil } }
    var elements: [RedisReply]? { if case .array(let elements) = self { elements } else { nil } }
    var integer: Int64? { if case .integer(let integer) = self { integer } else { nil } }

    /// The text of a bulk string.
    var text: String? { bytes.flatMap { String(validating: $0, as: UTF8.self) } }

    /// The first word of an error, where it is one of the words that Redis uses; else `ERR`.
    var errorCode: String? {
        guard case .error(let message) = self else { return nil }
        let word = message.prefix { $0 != " " }
        let isPlain = !word.isEmpty && word.utf8.count <= 20 && word.utf8.allSatisfy { (0x41...0x5A).contains($0) }
        return isPlain ? String(word) : "ERR"
    }
}
