/// What a trail is about.
public enum AuditSubject: Sendable, Hashable, CustomStringConvertible {
    case payment(PaymentID)
    case gateway(String)
    case tenant(String)
    /// Configuration, keys and the replicas that run with them.
    case configuration

    /// Reads `pay_…`, `gateway:NAME`, `tenant:NAME` or `configuration`.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch (parts[0], parts.count) {
        case ("configuration", 1): self = .configuration
        case ("gateway", 2) where Self.isName(parts[1]): self = .gateway(parts[1])
        case ("tenant", 2) where Self.isName(parts[1]): self = .tenant(parts[1])
        case (_, 1):
            guard let id = PaymentID(text) else { return nil }
            self = .payment(id)
        default: return nil
        }
    }

    public var description: String {
        switch self {
        case .payment(let id): id.text
        case .gateway(let name): "gateway:\(name)"
        case .tenant(let name): "tenant:\(name)"
        case .configuration: "configuration"
        }
    }

    /// Entries that are kept; the oldest go first.
    public var limit: Int {
        switch self {
        case .payment: StoreLimits.historyEntries
        case .gateway, .tenant, .configuration: StoreLimits.auditEntries
        }
    }

    /// Names become those of files: no path can be written with them.
    private static func isName(_ text: String) -> Bool {
        let isAllowed = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "-_".utf8.contains(byte)
        }
        return (1...64).contains(text.utf8.count) && isAllowed
    }
}
