/// Where a request goes, by method and path alone.
enum BankRoute: Sendable, Equatable {
    case charge
    case inquiry(charge: String)
    case capture(charge: String)
    case void(charge: String)
    case refund(charge: String)
    case refundInquiry(charge: String, refund: String)
    case accountValidation

    /// `nil` where the protocol has nothing.
    init?(method: String, path: Substring) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        guard parts.first == "v1", parts.dropFirst(2).allSatisfy(Self.isReference) else { return nil }
        switch (method, parts.count > 1 ? parts[1] : "", parts.count) {
        case ("POST", "charges", 2): self = .charge
        case ("GET", "charges", 3): self = .inquiry(charge: parts[2])
        case ("POST", "charges", 4):
            guard let change = Self.change(parts[3], of: parts[2]) else { return nil }
            self = change
        case ("GET", "charges", 5) where parts[3] == "refunds": self = .refundInquiry(charge: parts[2], refund: parts[4])
        case ("POST", "accounts", 3) where parts[2] == "validate": self = .accountValidation
        default: return nil
        }
    }

    private static func change(_ kind: String, of charge: String) -> BankRoute? {
        switch kind {
        case "captures": .capture(charge: charge)
        case "voids": .void(charge: charge)
        case "refunds": .refund(charge: charge)
        default: nil
        }
    }

    var operation: BankOperation {
        switch self {
        case .charge: .charge
        case .inquiry: .inquiry
        case .capture: .capture
        case .void: .void
        case .refund: .refund
        case .refundInquiry: .refundInquiry
        case .accountValidation: .accountValidation
        }
    }

    /// 1 to 64 letters, digits, `_`, `-`, `.` or `~`: what a path carries without percent-encoding.
    static func isReference(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "_-.~".utf8.contains(byte)
                }
            }
    }
}
