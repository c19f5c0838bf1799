import Payments

/// Why a connection gave no reply.
enum RedisInterruption: Error, Equatable {
    /// It broke before the reply: what was sent may have been done. A repeat by the same token is safe.
    case lost
    case timeout
    /// Too many commands wait already.
    case crowded
    case oversized
    case unformatted

    var failure: StoreFailure {
        switch self {
        case .lost: StoreFailure(code: .unreachable, detail: "the connection to Redis broke")
        case .timeout: StoreFailure(code: .timeout, detail: "Redis did not answer in time")
        case .crowded: StoreFailure(code: .full, detail: "too many commands wait for Redis")
        case .oversized: StoreFailure(code: .unreadable, detail: "a reply of Redis is too long")
        case .unformatted: StoreFailure(code: .full, detail: "no memory for a command")
        }
    }
}

extension StoreFailure {
    /// What an error reply means. Of its text only the first word is kept: the rest may quote what was sent.
    init?(_ reply: RedisReply) {
        if case .failed(let failure) = reply {
            self = failure
            return
        }
        guard case .error(let message) = reply, let word = reply.errorCode else { return nil }
        self.init(code: Self.code(of: word, in: message), detail: "Redis: \(word)")
    }

    private static func code(of word: String, in message: String) -> Code {
        // Inside a script the cause stands in the middle of the message.
        if message.contains("UNREADABLE") || message.contains("WRONGTYPE") { return .unreadable }
        // In a script: its slot began to move, or the cluster went down, since the node took it.
        if message.contains("access a non local key") || message.contains("cluster is down") { return .unreachable }
        return switch word {
        case "OOM": .full
        case "NOREPLICAS": .tooFewReplicas
        case "LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MOVED", "ASK": .unreachable
        default: .refused
        }
    }
}
