internal import CHiredis
import NIOCore

extension ByteBuffer {
    /// Appends the command as hiredis formats it.
    ///
    /// - Returns: `false` when hiredis had no memory for it; then nothing is appended.
    mutating func writeRESP(_ command: RedisCommand) -> Bool {
        unsafe command.bytes.withUnsafeBytes { unsafe writeRESP($0, lengths: command.lengths) }
    }

    /// All arguments lie in one block of memory, one behind the other: hiredis is given where each begins.
    private mutating func writeRESP(_ joined: UnsafeRawBufferPointer, lengths: [Int]) -> Bool {
        let empty: StaticString = ""
        let start = unsafe joined.baseAddress ?? UnsafeRawPointer(empty.utf8Start)
        var offset = 0
        var pointers: [UnsafePointer<CChar>?] = unsafe []
        unsafe pointers.reserveCapacity(lengths.count)
        for length in lengths {
            unsafe pointers.append((start + offset).assumingMemoryBound(to: CChar.self))
            offset += length
        }
        var formatted: sds?
        let count = unsafe redisFormatSdsCommandArgv(&formatted, CInt(lengths.count), &pointers, lengths)
        guard count >= 0, let text = unsafe formatted else { return false }
        defer { unsafe redisFreeSdsCommand(text) }
        unsafe writeBytes(UnsafeRawBufferPointer(start: text, count: Int(count)))
        return true
    }
}
