import AdapterKit

/// What a signature that held covers beside the body.
struct CallbackProof {
    /// When it was signed; `nil` where nothing is.
    var signedAt: Timestamp?
    var eventID: String?
    var nonce: String?
}

extension Headers {
    /// A field that stands exactly once, printable ASCII throughout.
    /// - Parameter length: in characters.
    func printable(_ name: String, length: ClosedRange<Int>) throws(CallbackRefusal) -> String {
        let values = values(name)
        guard let value = values.first else { throw .headerMissing }
        guard values.count == 1 else { throw .headerRepeated }
        guard length.contains(value.utf8.count), value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw .headerMalformed
        }
        return value
    }
}
