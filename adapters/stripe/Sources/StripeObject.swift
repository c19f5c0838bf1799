import AdapterKit

/// Bounds of what Stripe may say, and how it writes what all its objects have.
enum StripeObject {
    /// Bytes of an id or reference, Stripe's or ours.
    static let maximumID = 255
    /// Unicode scalars.
    static let maximumCode = 64
    static let maximumMessage = 140
}

extension AnswerReader {
    /// - Throws: where the object is of another kind.
    func demand(_ kind: String) throws(UnreadableAnswer) {
        guard try text("object") == kind else { throw UnreadableAnswer() }
    }

    func id() throws(UnreadableAnswer) -> String {
        guard let id = try wholeText("id", limit: StripeObject.maximumID), !id.isEmpty else { throw UnreadableAnswer() }
        return id
    }

    /// What we wrote into `metadata`; whoever made the object elsewhere did not.
    func metadata(_ name: String) throws(UnreadableAnswer) -> String? {
        guard let text = try section("metadata")?.wholeText(name, limit: StripeObject.maximumID) else { return nil }
        guard !text.isEmpty else { throw UnreadableAnswer() }
        return text
    }

    /// Minor units in a currency of three lower-case letters.
    func money() throws(UnreadableAnswer) -> Money {
        let code = try text("currency")
        guard code.utf8.allSatisfy({ (0x61...0x7A).contains($0) }), let currency = Currency(code.uppercased()),
            currency != .unnamed
        else { throw UnreadableAnswer() }
        return Money(minorUnits: try integer("amount"), currency: currency)
    }
}
