/// Where a request goes, by method and path alone. The API stands below `/api/v2`, its tokens beside it.
enum PixRoute: Sendable, Equatable {
    case session
    case charge(txid: String)
    case inquiry(txid: String)
    case revision(txid: String)
    case received(endToEndID: String)
    case refund(endToEndID: String, id: String)
    case refundInquiry(endToEndID: String, id: String)

    static let tokenPath = "/oauth/token"
    private static let base = ["api", "v2"]

    /// `nil` where the protocol has nothing that is played here.
    init?(method: String, path: Substring) {
        if path == Self.tokenPath {
            guard method == "POST" else { return nil }
            self = .session
            return
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        guard parts.prefix(2).elementsEqual(Self.base), parts.count > 3 else { return nil }
        switch (method, parts[2], parts.count) {
        case ("PUT", "cob", 4): self = .charge(txid: parts[3])
        case ("GET", "cob", 4): self = .inquiry(txid: parts[3])
        case ("PATCH", "cob", 4): self = .revision(txid: parts[3])
        case ("GET", "pix", 4): self = .received(endToEndID: parts[3])
        case ("PUT", "pix", 6) where parts[4] == "devolucao": self = .refund(endToEndID: parts[3], id: parts[5])
        case ("GET", "pix", 6) where parts[4] == "devolucao": self = .refundInquiry(endToEndID: parts[3], id: parts[5])
        default: return nil
        }
    }

    var operation: BankOperation {
        switch self {
        case .session: .session
        case .charge: .charge
        case .inquiry, .received: .inquiry
        case .revision: .void
        case .refund: .refund
        case .refundInquiry: .refundInquiry
        }
    }
}
