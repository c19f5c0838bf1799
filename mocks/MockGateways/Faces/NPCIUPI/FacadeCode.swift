import AdapterKit

/// Codes of banks and of the switch (protocols/npci-upi.md, 4).
enum FacadeCode {
    static let success = "00"
    static let duplicate = "U01"
    static let malformed = "U05"
    static let recordNotFound = "RNF"
    static let deemed = "RB"
    static let reversed = "21"
    static let unavailable = "U28"
    static let notPermitted = "ZX"
    static let invalidAddress = "ZH"
    /// Beyond what the transaction allows.
    static let beyondLimit = "U02"

    /// UPI tells accounts and instruments apart no further than this.
    private static let declines: [FailureCategory: String] = [
        .insufficientFunds: "Z9", .doNotHonor: "XB", .invalidInstrument: "ZH", .expiredInstrument: "ZX", .accountClosed: "ZX",
        .notPermitted: "ZX", .limitExceeded: "Z8", .suspectedFraud: "59", .authenticationRequired: "ZM",
        .issuerUnavailable: "U28", .expired: "U69",
    ]

    /// `ZA`, declined by the payer, for all others.
    static func decline(_ category: FailureCategory) -> String { declines[category] ?? "ZA" }
}
