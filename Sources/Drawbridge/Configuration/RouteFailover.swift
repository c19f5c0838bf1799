import AdapterKit
import Payments

/// One step of a route from a gateway to the next, and when it may be taken (O9). From the gateway's capabilities alone.
struct RouteFailover: Sendable, Equatable {
    /// Such as `routes[0]`.
    let route: String
    let from: String
    let to: String
    let safety: FailoverSafety
    /// Whether a payment that the one takes could be taken by the other.
    let hasCommonMethod: Bool
    /// Declines that move on.
    let declines: [FailureCategory]

    /// For people.
    var text: String {
        guard hasCommonMethod else {
            return "\(route): \(from) → \(to): never: \(to) takes no method of payment that \(from) takes"
        }
        let conditions = ["when not processed"] + declined + [unknown]
        return "\(route): \(from) → \(to): \(conditions.joined(separator: "; "))"
    }

    private var declined: [String] {
        declines.isEmpty ? [] : ["when declined with \(declines.map(\.rawValue).joined(separator: ", "))"]
    }

    private var unknown: String {
        switch safety {
        case .provable(let delay): "when unknown, once \"not found\" is final (\(delay.written) after the last attempt ended)"
        case .onlyNotProcessed(let reason): "never when unknown: \(reason.rawValue)"
        case .never: "never when unknown, and nothing can clear it up"
        }
    }

    var json: JSON {
        .members([
            ("route", .string(route)), ("from", .string(from)), ("to", .string(to)),
            ("when_not_processed", .bool(hasCommonMethod)),
            ("when_declined", .array(hasCommonMethod ? declines.map { .string($0.rawValue) } : [])),
            ("when_unknown", .bool(isProvable)),
            ("not_found_final_after", .optional(finalAfter)), ("text", .string(text)),
        ])
    }

    private var isProvable: Bool { finalAfter != nil }

    private var finalAfter: String? {
        if hasCommonMethod, case .provable(let delay) = safety { delay.written } else { nil }
    }
}

extension Configuration {
    /// Every step that the routes allow, in their order.
    var failovers: [RouteFailover] {
        routes.enumerated().flatMap { index, route in
            zip(route.gateways, route.gateways.dropFirst()).compactMap { from, to in
                guard let gateway = self.gateway(named: from), let next = self.gateway(named: to) else { return nil }
                let methods = Set(route.match.methods ?? PaymentMethod.Kind.allCases)
                    .intersection(gateway.adapter.capabilities.methods)
                return RouteFailover(
                    route: "routes[\(index)]", from: from, to: to, safety: gateway.adapter.capabilities.failover,
                    hasCommonMethod: !methods.isDisjoint(with: next.adapter.capabilities.methods),
                    declines: route.failoverOnDeclines)
            }
        }
    }

    private func gateway(named name: String) -> Gateway? { gateways.first { $0.name == name } }

    /// A gateway is refused in a route for methods of payment that it does not take: it would never be asked.
    func checkMethods(_ root: ConfigurationSection) {
        for (index, route) in routes.enumerated() {
            guard let wanted = route.match.methods, !wanted.isEmpty else { continue }
            for (position, name) in route.gateways.enumerated() {
                guard let taken = gateway(named: name)?.adapter.capabilities.methods, taken.isDisjoint(with: wanted) else {
                    continue
                }
                let words = PaymentMethod.Kind.allCases.filter(taken.contains).map(\.rawValue).joined(separator: ", ")
                root.reading.problem(
                    at: "routes[\(index)].gateways[\(position)]",
                    expected:
                        "a gateway that takes \(wanted.map(\.rawValue).joined(separator: " or ")); \(name) takes \(words) only")
            }
        }
    }

    /// A route is refused whose failover could never be made safe (O9).
    func checkFailovers(_ root: ConfigurationSection) {
        for (index, route) in routes.enumerated() where route.gateways.count > 1 {
            for (position, name) in route.gateways.dropLast().enumerated() {
                guard gateway(named: name)?.adapter.capabilities.failover == .never else { continue }
                root.reading.problem(
                    at: "routes[\(index)].gateways[\(position)]",
                    expected:
                        "a gateway that can be left: when it is unknown whether \(name) took a payment, it can neither be asked"
                        + " nor give it back; put it last, or in a route of its own")
            }
        }
    }

    /// What the file sets and one gateway alone makes void.
    var failoverFindings: [ConfigurationFinding] {
        routes.enumerated().filter { $0.element.gateways.count == 1 && !$0.element.failoverOnDeclines.isEmpty }.map {
            finding(.note, "routes[\($0.offset)].failover_on_declines", "without effect: the route has one gateway")
        }
    }
}
