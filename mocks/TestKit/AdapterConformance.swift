public import AdapterKit

/// What every adapter must hold, whatever its gateway. An adapter's own test runs it and expects no failure:
///
///     #expect(AdapterConformance(adapter, fixtures: try AdapterFixture.all(in: …), …).failures() == [])
///
/// It returns what failed instead of reporting it, so that it is an ordinary library and can itself be shown to fail.
public struct AdapterConformance<Adapter: GatewayAdapter>: Sendable {
    let adapter: Adapter
    let fixtures: [AdapterFixture]
    let callbacks: [CallbackFixture]
    let declineCategories: [String: FailureCategory]
    let currencies: [Currency]
    let optionalMembers: Set<String>
    let optionalCallbackMembers: Set<String>
    let references: SampleReferences
    let amountText: @Sendable (Money) -> String
    let referenceText: @Sendable (String) -> String

    /// - Parameters:
    ///   - callbacks: none for a gateway that sends none.
    ///   - declineCategories: the adapter's table of codes; each needs a fixture.
    ///   - currencies: what the gateway takes; fixtures are in the first.
    ///   - optionalMembers: members of an answer or callback that may be missing or null without making it unreadable.
    ///   - optionalCallbackMembers: those that a callback alone may leave out.
    ///   - references: those of the sample operations, which fixtures answer.
    ///   - amountText: how the gateway's requests write an amount; minor units unless given.
    ///   - referenceText: how they write a reference of ours; as it is unless given.
    public init(
        _ adapter: Adapter, fixtures: [AdapterFixture], callbacks: [CallbackFixture] = [],
        declineCategories: [String: FailureCategory], currencies: [Currency],
        optionalMembers: Set<String>, optionalCallbackMembers: Set<String> = [],
        references: SampleReferences = SampleReferences(),
        amountText: @escaping @Sendable (Money) -> String = { String($0.minorUnits) },
        referenceText: @escaping @Sendable (String) -> String = { $0 }
    ) {
        self.adapter = adapter
        self.fixtures = fixtures
        self.callbacks = callbacks
        self.declineCategories = declineCategories
        self.currencies = currencies
        self.optionalMembers = optionalMembers
        self.optionalCallbackMembers = optionalCallbackMembers
        self.references = references
        self.amountText = amountText
        self.referenceText = referenceText
    }

    /// Everything that does not hold; empty for an adapter that conforms.
    public func failures() -> [ConformanceFailure] {
        declarationFailures() + requestFailures() + privacyFailures() + fixtureFailures() + codeFailures()
            + unreadableAnswerFailures() + callbackFailures()
    }

    /// The operations that the adapter says its gateway has.
    var samples: [SampleOperation] {
        SampleOperation.allCases.filter { $0.needs.isSubset(of: adapter.capabilities.operations) && !isExcused($0) }
    }

    /// Of a refund we know no reference but ours: a gateway that cannot be asked by it need not be asked about refunds.
    private func isExcused(_ sample: SampleOperation) -> Bool {
        guard sample == .refundInquiry, !adapter.capabilities.inquiryByReference, let operation = fixtureOperation(sample) else {
            return false
        }
        return (try? adapter.request(for: operation)) == nil
    }

    /// Methods in a fixed order, so that failures come in the same order every time.
    var methods: [PaymentMethod] {
        PaymentMethod.Kind.allCases.filter(adapter.capabilities.methods.contains).map(\.sample)
    }

    /// The operation as fixtures answer it: 1000 minor units of the first currency.
    func fixtureOperation(_ sample: SampleOperation) -> Operation? {
        guard let currency = currencies.first, let method = methods.first else { return nil }
        return sample.operation(money: Money(minorUnits: 1000, currency: currency), method: method, references)
    }
}

/// One thing that an adapter does not hold.
public struct ConformanceFailure: Sendable, Equatable, CustomStringConvertible {
    public enum Rule: String, Sendable, CaseIterable {
        case declaresConsistently = "declares consistently"
        case encodesEveryOperation = "encodes every operation it declares"
        case encodesDeterministically = "encodes the same operation to the same bytes"
        case keepsAmount = "keeps the amount"
        case keepsReference = "keeps the reference"
        case sendsBody = "never moves money with an empty body"
        case redacts = "lets nothing secret or personal be logged"
        case namesFixtures = "names a fixture after what it maps to"
        case mapsFixtures = "maps a fixture as it says"
        case coversOperations = "has a conclusive fixture for every operation"
        case coversCodes = "has a fixture for every code of its table"
        case refusesUnreadable = "takes no unreadable answer for a word of the gateway"
        case coversCallbacks = "has a fixture of a callback with news"
        case readsCallbacks = "reads a callback as its fixture says"
        case readsDeterministically = "reads the same callback the same way"
        case boundsEvents = "gives events that the runtime can take"
        case namesSubjects = "names the same subjects whether a callback is proved or not"
        case refusesUnreadableCallback = "throws for a callback that it cannot read"
    }

    public let rule: Rule
    public let detail: String

    public init(_ rule: Rule, _ detail: String) {
        self.rule = rule
        self.detail = detail
    }

    public var description: String { "\(rule.rawValue): \(detail)" }
}
