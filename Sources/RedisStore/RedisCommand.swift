import AdapterKit

/// A command and its arguments, one behind the other in one block of bytes.
struct RedisCommand: Sendable {
    private(set) var bytes: [UInt8] = []
    /// Of each argument.
    private(set) var lengths: [Int] = []

    init(_ arguments: String...) {
        for argument in arguments { append(argument) }
    }

    init(_ name: String, _ arguments: [[UInt8]]) {
        append(name)
        for argument in arguments { append(argument) }
    }

    /// Empty, with room for so much.
    init(reserving bytes: Int, arguments: Int) {
        self.bytes.reserveCapacity(bytes)
        lengths.reserveCapacity(arguments)
    }

    /// The first so many.
    func arguments(_ count: Int) -> [[UInt8]] {
        var start = 0
        return lengths.prefix(count).map { length in
            defer { start += length }
            return Array(bytes[start..<start + length])
        }
    }

    mutating func append(_ text: String) {
        let before = bytes.count
        bytes.append(contentsOf: text.utf8)
        lengths.append(bytes.count - before)
    }

    mutating func append(_ argument: [UInt8]) {
        bytes.append(contentsOf: argument)
        lengths.append(argument.count)
    }

    /// One argument that is put together of parts.
    mutating func append(_ parts: (inout [UInt8]) -> Void) {
        let before = bytes.count
        parts(&bytes)
        lengths.append(bytes.count - before)
    }

    mutating func append(_ number: some BinaryInteger) { append(String(number)) }
    mutating func append(_ flag: Bool) { append(flag ? "1" : "0") }
    /// In milliseconds.
    mutating func append(_ duration: Duration) { append(duration.wholeMilliseconds) }
}
