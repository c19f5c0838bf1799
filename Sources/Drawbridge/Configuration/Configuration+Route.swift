import AdapterKit

extension Configuration {
    /// Which gateways take a payment, primary first.
    struct Route: Sendable, Equatable {
        var match = Match()
        /// Names of configured gateways; never empty.
        var gateways: [String] = []
        /// Declines of these categories move on to the next gateway.
        var failoverOnDeclines: [FailureCategory] = []

        /// `nil` matches all.
        struct Match: Sendable, Equatable {
            var methods: [PaymentMethod.Kind]?
            var currencies: [Currency]?
            var tenants: [String]?
            /// Minor units, included.
            var minAmount: Int64?
            /// Minor units, included.
            var maxAmount: Int64?
        }
    }
}

extension Configuration.Route {
    /// - `match` (section, default all payments), `gateways` (list of names, required)
    /// - `failover_on_declines` (list of failure categories, default none)
    init(_ section: ConfigurationSection) {
        section.read("match", into: &match) { Match($0) }
        gateways = section.list("gateways", of: section.gatewayName) ?? []
        failoverOnDeclines = section.list("failover_on_declines", of: .word) ?? []
        let isEmpty = section.given("gateways").map { $0.value.content == .list([]) } ?? true
        if isEmpty { section.problem("gateways", "at least one gateway, the primary first") }
    }
}

extension Configuration.Route.Match {
    /// - `method`, `currency`, `tenant` (lists, default all)
    /// - `min_amount`, `max_amount` (minor units, both included, default none)
    init(_ section: ConfigurationSection) {
        methods = section.choices("method", of: .word)
        currencies = section.choices("currency", of: .currency)
        tenants = section.choices("tenant", of: section.tenantName)
        minAmount = section.value("min_amount", .amount)
        maxAmount = section.value("max_amount", .amount)
        if let minAmount, let maxAmount, maxAmount < minAmount { section.problem("max_amount", "at least min_amount") }
    }
}

extension ConfigurationSection {
    /// A list that is not empty: an empty one would match nothing.
    fileprivate func choices<Value: Hashable>(_ name: String, of syntax: ValueSyntax<Value>) -> [Value]? {
        let values = list(name, of: syntax)
        if given(name)?.value.content == .list([]) { problem(name, "at least one element, or the key left out to match all") }
        return values
    }
}
