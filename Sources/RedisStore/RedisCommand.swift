/// A command and its arguments, as bytes.
struct RedisCommand: Sendable {
    var arguments: [[UInt8]]

    init(_ arguments: String...) {
        self.arguments = arguments.map { Array($0.utf8) }
    }

    init(_ name: String, _ arguments: [[UInt8]]) {
        self.arguments = [Array(name.utf8)] + arguments
    }
}
