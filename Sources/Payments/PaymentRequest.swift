public import AdapterKit

/// A payment as the caller asks for it, checked against openapi.yaml.
public struct PaymentRequest: Sendable, Equatable {
    /// Longest gateway name that is looked up; one that is not configured is `no_gateway`.
    static let gatewayName = 0...2048

    public var money: Money
    public var reference: String
    public var description: String?
    public var capture: PaymentRecord.CaptureMode
    public var method: PaymentMethod
    public var gateway: String?
    public var onUnavailable: PaymentRecord.OnUnavailable
    public var metadata: [JSON.Member]
    public var customer: JSON?

    /// - Throws: every rule that is broken, each with its pointer.
    public init(_ json: JSON) throws(Problem) {
        var reader = MemberReader(
            json, at: "",
            allowing: [
                "amount", "currency", "reference", "description", "capture", "method", "gateway", "on_unavailable", "customer",
                "metadata",
            ])
        let amount = reader.integer("amount", Money.requestable, required: true)
        let currency = reader.text(
            "currency", 3...3, required: true, where: { Currency($0) != nil }, saying: "must be three capital letters")
        let reference = reader.text("reference", 1...64, required: true)
        description = reader.text("description", 0...140)
        capture = reader.word("capture", PaymentRecord.CaptureMode.self) ?? .automatic
        gateway = reader.text("gateway", Self.gatewayName)
        onUnavailable = reader.word("on_unavailable", PaymentRecord.OnUnavailable.self) ?? .queue
        metadata = Self.metadata(&reader)
        customer = Self.customer(&reader)
        let method = PaymentMethod.read(&reader)
        guard reader.errors.isEmpty, let amount, let currency = currency.flatMap(Currency.init), let reference, let method else {
            throw Problem(
                .validationFailed, "The request was not carried out; nothing was stored or sent.", errors: reader.errors)
        }
        money = Money(minorUnits: amount, currency: currency)
        self.reference = reference
        self.method = method
    }

    private static func metadata(_ reader: inout MemberReader) -> [JSON.Member] {
        guard let value = reader.value("metadata") else { return [] }
        guard let members = value.members else {
            reader.fail("metadata", "must be an object")
            return []
        }
        if members.count > 20 { reader.fail("metadata", "must have at most 20 members") }
        var inner = MemberReader(value, at: reader.pointer(to: "metadata"), allowing: members.map(\.name))
        for member in members { _ = inner.text(member.name, 0...500) }
        reader.adopt(inner.errors)
        return members
    }

    private static func customer(_ reader: inout MemberReader) -> JSON? {
        guard let value = reader.value("customer") else { return nil }
        var inner = MemberReader(value, at: reader.pointer(to: "customer"), allowing: ["id", "name", "email", "tax_id"])
        for (name, limit) in [("id", 64), ("name", 140), ("email", 254), ("tax_id", 32)] { _ = inner.text(name, 0...limit) }
        reader.adopt(inner.errors)
        return value
    }
}

/// The body of a capture: how much, or all.
public struct CaptureRequest: Sendable, Equatable {
    public var amount: Int64?

    public init(_ json: JSON) throws(Problem) {
        var reader = MemberReader(json, at: "", allowing: ["amount"])
        amount = reader.integer("amount", Money.requestable)
        guard reader.errors.isEmpty else { throw Problem(.validationFailed, errors: reader.errors) }
    }
}

public struct RefundRequest: Sendable, Equatable {
    public var amount: Int64?
    public var reason: String?

    public init(_ json: JSON) throws(Problem) {
        var reader = MemberReader(json, at: "", allowing: ["amount", "reason"])
        amount = reader.integer("amount", Money.requestable)
        reason = reader.text("reason", 0...140)
        guard reader.errors.isEmpty else { throw Problem(.validationFailed, errors: reader.errors) }
    }
}

public struct AccountRequest: Sendable, Equatable {
    public var account: Operation.Account
    public var gateway: String?

    public init(_ json: JSON) throws(Problem) {
        var reader = MemberReader(json, at: "", allowing: ["type", "value", "gateway"])
        let kind = reader.word("type", Operation.Account.Kind.self, required: true)
        let value = reader.text("value", 1...140, required: true)
        gateway = reader.text("gateway", PaymentRequest.gatewayName)
        guard reader.errors.isEmpty, let kind, let value else { throw Problem(.validationFailed, errors: reader.errors) }
        account = Operation.Account(kind: kind, value: value)
    }
}
