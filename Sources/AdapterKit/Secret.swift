import Synchronization

/// Bytes that are never printed, logged or encoded. Adapters can pass a secret on but not look into it:
/// its bytes are `package`, and adapter targets are built without package access.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package let bytes: [UInt8]
    /// What is made of the bytes to sign with them; the same for every copy of this secret.
    package let key = DerivedKey()

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public init(text: String) { self.bytes = Array(text.utf8) }

    public var isEmpty: Bool { bytes.isEmpty }

    public var description: String { "<secret>" }
    public var debugDescription: String { "<secret>" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// Takes the same time wherever the two differ; only a difference in length shows.
    public static func == (left: Secret, right: Secret) -> Bool {
        constantTimeEqual(left.bytes, right.bytes)
    }

    package static func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }
}

/// A key made at its first use and kept as long as its secret: making one costs more than signing with it.
package final class DerivedKey: Sendable {
    private let kept = Mutex<(any Sendable)?>(nil)

    package func get<Key: Sendable>(orMake make: () -> Key) -> Key {
        kept.withLock { kept in
            if let key = kept as? Key { return key }
            let key = make()
            kept = key
            return key
        }
    }
}
