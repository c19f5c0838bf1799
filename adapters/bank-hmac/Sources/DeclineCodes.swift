public import AdapterKit

extension BankHMACAdapter {
    /// protocols/bank-hmac.md, "Codes". `00` is an approval and no reason to decline.
    public static let declineCategories: [String: FailureCategory] = [
        "05": .doNotHonor,
        "14": .invalidInstrument,
        "41": .suspectedFraud,
        "43": .suspectedFraud,
        "59": .suspectedFraud,
        "51": .insufficientFunds,
        "54": .expiredInstrument,
        "57": .notPermitted,
        "62": .notPermitted,
        "61": .limitExceeded,
        "65": .limitExceeded,
        "1A": .authenticationRequired,
        "46": .accountClosed,
        "91": .issuerUnavailable,
    ]

    static func declineCategory(of code: String?) -> FailureCategory {
        code.flatMap { declineCategories[$0] } ?? .other
    }
}
