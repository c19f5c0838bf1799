internal import CHiredis

/// Reads replies out of bytes as they come, with hiredis' reader.
@safe struct RESPReader: ~Copyable {
    enum Failure: Error, Equatable {
        /// One reply is longer than the bound.
        case oversized
        case garbled
    }

    /// Owned: made in init, freed once in deinit.
    private let reader: UnsafeMutablePointer<redisReader>
    private let maximumReply: Int
    /// Bytes taken since the last whole reply.
    private var unread = 0

    /// - Parameter maximumReply: bytes of one reply, to within one read.
    /// - Returns: `nil` when there is no memory.
    init?(maximumReply: Int) {
        guard let reader = unsafe redisReaderCreate() else { return nil }
        unsafe self.reader = reader
        self.maximumReply = maximumReply
    }

    deinit { unsafe redisReaderFree(reader) }

    mutating func feed(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        unread += bytes.count
        guard unread <= maximumReply else { throw .oversized }
        let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        guard unsafe redisReaderFeed(reader, start, bytes.count) == REDIS_OK else { throw .garbled }
    }

    /// The next whole reply, or `nil` until more bytes come.
    mutating func next() throws(Failure) -> RedisReply? {
        var found: UnsafeMutableRawPointer?
        guard unsafe redisReaderGetReply(reader, &found) == REDIS_OK else { throw .garbled }
        guard let reply = unsafe found else { return nil }
        defer { unsafe freeReplyObject(reply) }
        unread = 0
        return unsafe Self.copy(reply.assumingMemoryBound(to: redisReply.self))
    }

    /// hiredis nests no deeper than seven arrays, so this recursion is bounded.
    private static func copy(_ reply: UnsafeMutablePointer<redisReply>) -> RedisReply {
        switch unsafe reply.pointee.type {
        case REDIS_REPLY_INTEGER: unsafe .integer(reply.pointee.integer)
        case REDIS_REPLY_STRING: unsafe .bytes(bytes(reply))
        case REDIS_REPLY_STATUS: unsafe .status(String(decoding: bytes(reply), as: UTF8.self))
        case REDIS_REPLY_ERROR: unsafe .error(String(decoding: bytes(reply), as: UTF8.self))
        case REDIS_REPLY_ARRAY: unsafe .array(elements(reply))
        default: .null
        }
    }

    private static func bytes(_ reply: UnsafeMutablePointer<redisReply>) -> [UInt8] {
        unsafe Array(UnsafeRawBufferPointer(start: reply.pointee.str, count: reply.pointee.len))
    }

    private static func elements(_ reply: UnsafeMutablePointer<redisReply>) -> [RedisReply] {
        unsafe UnsafeBufferPointer(start: reply.pointee.element, count: reply.pointee.elements).map { element in
            unsafe element.map { unsafe copy($0) } ?? .null
        }
    }
}
