public import AdapterKit

/// Which gateways a payment may go to, in order. First match wins.
public struct Routing: Sendable {
    public struct Route: Sendable {
        public var methods: Set<PaymentMethod.Kind>?
        public var currencies: Set<Currency>?
        public var tenants: Set<String>?
        /// Minor units.
        public var minimumAmount: Int64?
        public var maximumAmount: Int64?
        /// Primary first.
        public var gateways: [String]
        /// Declines of these categories move on to the next gateway.
        public var failoverOnDeclines: Set<FailureCategory>

        public init(
            methods: Set<PaymentMethod.Kind>? = nil, currencies: Set<Currency>? = nil, tenants: Set<String>? = nil,
            minimumAmount: Int64? = nil, maximumAmount: Int64? = nil, gateways: [String],
            failoverOnDeclines: Set<FailureCategory> = []
        ) {
            self.methods = methods
            self.currencies = currencies
            self.tenants = tenants
            self.minimumAmount = minimumAmount
            self.maximumAmount = maximumAmount
            self.gateways = gateways
            self.failoverOnDeclines = failoverOnDeclines
        }

        func matches(_ method: PaymentMethod.Kind, _ money: Money, tenant: String) -> Bool {
            methods?.contains(method) != false && currencies?.contains(money.currency) != false
                && tenants?.contains(tenant) != false
                && money.minorUnits >= minimumAmount ?? .min && money.minorUnits <= maximumAmount ?? .max
        }
    }

    private let routes: [Route]
    private let gateways: [String: Gateway]
    /// Gateways each tenant may use; a tenant that is not listed may use all.
    private let allowed: [String: Set<String>]

    public init(routes: [Route], gateways: [Gateway], allowed: [String: Set<String>]) {
        self.routes = routes
        self.gateways = Dictionary(gateways.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.allowed = allowed
    }

    public func gateway(named name: String) -> Gateway? { gateways[name] }

    /// The longest that one exchange may take at any gateway.
    var longestAttempt: Duration { gateways.values.map(\.endpoint.attemptTimeout).max() ?? .zero }

    /// All gateways this tenant may use, by name.
    public func gateways(of tenant: String) -> [Gateway] {
        gateways.values.filter { isAllowed($0.name, for: tenant) }.sorted { $0.name < $1.name }
    }

    /// Candidates for a payment, in the order they are tried; only the pinned one where one is pinned.
    func candidates(
        for operation: OperationName, method: PaymentMethod.Kind, money: Money, tenant: String, pinned: String?
    ) -> [Gateway] {
        let names =
            pinned.map { [$0] } ?? routes.first { $0.matches(method, money, tenant: tenant) }?.gateways ?? []
        return names.filter { isAllowed($0, for: tenant) }.compactMap { gateways[$0] }.filter { $0.can(operation, with: method) }
    }

    /// The same for a payment that is stored, with the declines that move on.
    func candidates(of record: PaymentRecord) -> (gateways: [Gateway], softDeclines: Set<FailureCategory>) {
        let operation: OperationName = record.capture == .automatic ? .payment : .authorize
        let gateways = candidates(
            for: operation, method: record.methodKind, money: record.money, tenant: record.tenant, pinned: record.pinnedGateway)
        guard record.pinnedGateway == nil else { return (gateways, []) }
        let route = routes.first { $0.matches(record.methodKind, record.money, tenant: record.tenant) }
        return (gateways, route?.failoverOnDeclines ?? [])
    }

    /// Gateways that can say whether a payee's address exists, in the order of the routes.
    func validators(of method: PaymentMethod.Kind, tenant: String, named name: String?) -> [Gateway] {
        var seen: Set<String> = []
        let names = name.map { [$0] } ?? routes.flatMap(\.gateways).filter { seen.insert($0).inserted }
        return names.filter { isAllowed($0, for: tenant) }.compactMap { gateways[$0] }.filter {
            $0.can(.accountValidation, with: method)
        }
    }

    private func isAllowed(_ gateway: String, for tenant: String) -> Bool {
        allowed[tenant]?.contains(gateway) != false
    }
}
