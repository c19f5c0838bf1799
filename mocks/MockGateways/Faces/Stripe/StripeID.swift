/// Stripe's names of things, made from the bank's numbers.
enum StripeID {
    private static let intentPrefix = "pi_mock"
    private static let refundPrefix = "re_mock"

    static func intent(_ charge: Charge) -> String { intentPrefix + String(charge.serial) }

    static func refund(_ refund: Refund) -> String { refundPrefix + String(refund.serial) }

    static func intent(_ id: String) -> Int? { serial(id, intentPrefix) }

    static func refund(_ id: String) -> Int? { serial(id, refundPrefix) }

    private static func serial(_ id: String, _ prefix: String) -> Int? {
        id.hasPrefix(prefix) ? Int(id.dropFirst(prefix.count)) : nil
    }
}
