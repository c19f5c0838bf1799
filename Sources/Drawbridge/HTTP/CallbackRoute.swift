/// `/callbacks/{gateway}`, and whatever a provider appends below it. Matched byte by byte on the path as it came, never decoded:
/// `%2f` is no slash and `%62ank-a` is not bank-a.
struct CallbackRoute: Equatable {
    /// What metrics may say.
    static let template = "/callbacks/{gateway}"
    private static let prefix = "/callbacks/"

    let gateway: String

    init?(target: String) {
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }
        guard path.starts(with: Self.prefix.utf8) else { return nil }
        let name = path.dropFirst(Self.prefix.utf8.count).prefix { $0 != UInt8(ascii: "/") }
        gateway = String(decoding: name, as: UTF8.self)
        guard ValueSyntax<String>.isName(gateway) else { return nil }
    }
}
