import AdapterKit
import Payments
import Resilience

extension Configuration {
    /// A gateway: an adapter bound to an address, an account and its limits.
    struct Gateway: Sendable {
        let name: String
        /// Made from the gateway's `settings`.
        let adapter: any GatewayAdapter
        let baseURL: WebAddress
        var tls = ClientTLS()
        var proxy: WebAddress?
        var addresses = AddressPolicy.publicOnly
        var timeout = Timeout()
        var retry = Retry()
        var breaker = Breaker()
        var limits = Limits()
        var inquiry = Inquiry()
        /// `nil`: it has no callbacks.
        var callback: CallbackPolicy?

        var adapterName: String { type(of: adapter).name }
    }

    struct Timeout: Sendable, Equatable {
        /// Until the TLS handshake is done.
        var connect: Duration = .seconds(1)
        /// The whole exchange, from connect to last byte.
        var attempt: Duration = .seconds(3)
    }

    struct Retry: Sendable, Equatable {
        struct Budget: Sendable, Equatable {
            /// Retries per recent call.
            var ratio = 0.2
            /// Retries a second that are always allowed.
            var minPerSecond = 3
        }

        var maxRetries = 3
        var base: Duration = .seconds(1)
        var factor = 2
        var max: Duration = .seconds(8)
        var jitter: Backoff.Jitter = .full
        var budget = Budget()
    }

    struct Breaker: Sendable, Equatable {
        var consecutiveFailures = 5
        /// Above 0 to 1; `nil`: not looked at.
        var failureRate: Double?
        var window: Duration = .seconds(30)
        /// Calls in the window before the rate counts.
        var minCalls = 20
        /// A call that takes longer counts as failed; `nil`: none does.
        var slowCall: Duration?
        var openFor: Duration = .seconds(60)
        var halfOpenProbes = 1
    }

    struct Limits: Sendable, Equatable {
        /// Calls in flight.
        var concurrency = 512
        /// `nil`: no limit.
        var perSecond: Int?
    }

    /// When outcomes that are not known are asked about.
    struct Inquiry: Sendable, Equatable {
        var firstAfter: Duration = .seconds(2)
        var factor = 2
        var max: Duration = .seconds(300)
        var giveUpAfter: Duration = .seconds(86_400)
    }
}

extension Configuration.Gateway {
    /// - `adapter` (name, required), `settings` (the adapter's own), `base_url` (https, required; http only on loopback)
    /// - `tls`, `timeout`, `retry`, `breaker`, `limits`, `inquiry` (sections), `proxy` (http://host:port, default none)
    /// - `allow_private_addresses` (`false`, `true`, or `report`: let through and told; default `false`)
    /// - `callback` (section, partly the adapter's own; default none)
    init?(name: String, _ section: ConfigurationSection, adapters: AdapterCatalog) {
        let adapter = section.adapter(from: adapters)
        let baseURL = section.required("base_url", .secureAddress)
        let tls = section.section("tls") { Configuration.ClientTLS($0) }
        let proxy = section.value("proxy", .proxy)
        let addresses = section.value("allow_private_addresses", .addressPolicy)
        let timeout = section.section("timeout") { Configuration.Timeout($0) }
        let retry = section.section("retry") { Configuration.Retry($0) }
        let breaker = section.section("breaker") { Configuration.Breaker($0) }
        let limits = section.section("limits") { Configuration.Limits($0) }
        let inquiry = section.section("inquiry") { Configuration.Inquiry($0) }
        let callback = section.callback(of: adapter)
        guard let adapter, let baseURL else { return nil }
        self.init(
            name: name, adapter: adapter, baseURL: baseURL, tls: tls ?? .init(), proxy: proxy,
            addresses: addresses ?? .publicOnly, timeout: timeout ?? .init(), retry: retry ?? .init(),
            breaker: breaker ?? .init(), limits: limits ?? .init(), inquiry: inquiry ?? .init(), callback: callback)
    }
}

extension Configuration.Timeout {
    /// - `connect` (duration, default `1s`), `attempt` (duration, default `3s`)
    init(_ section: ConfigurationSection) {
        section.read("connect", .duration(.milliseconds(1)...(.seconds(60))), into: &connect)
        section.read("attempt", .duration(.milliseconds(1)...(.seconds(300))), into: &attempt)
        section.order(("connect", connect), ("attempt", attempt))
    }
}

extension Configuration.Retry {
    /// - `max_retries` (0 to 10, default 3), `base` (duration, default `1s`), `factor` (1 to 10, default 2)
    /// - `max` (duration, default `8s`), `jitter` (`full`, `equal` or `none`, default `full`), `budget` (section)
    init(_ section: ConfigurationSection) {
        section.read("max_retries", .integer(0...10), into: &maxRetries)
        section.read("base", .duration(.milliseconds(1)...(.seconds(60))), into: &base)
        section.read("factor", .integer(1...10), into: &factor)
        section.read("max", .duration(.milliseconds(1)...(.seconds(300))), into: &max)
        section.read("jitter", .word, into: &jitter)
        section.read("budget", into: &budget) { Budget($0) }
        section.order(("base", base), ("max", max))
    }
}

extension Configuration.Retry.Budget {
    /// - `ratio` (0 to 1, default 0.2), `min_per_second` (0 to 10,000, default 3)
    init(_ section: ConfigurationSection) {
        section.read("ratio", .ratio, into: &ratio)
        section.read("min_per_second", .integer(0...10_000), into: &minPerSecond)
    }
}

extension Configuration.Breaker {
    /// - `consecutive_failures` (1 to 1000, default 5), `failure_rate` (above 0 to 1, default none), `window` (duration, default `30s`)
    /// - `min_calls` (1 to 100,000, default 20), `slow_call` (duration, default none), `open_for` (duration, default `60s`)
    /// - `half_open_probes` (1 to 100, default 1)
    init(_ section: ConfigurationSection) {
        section.read("consecutive_failures", .integer(1...1_000), into: &consecutiveFailures)
        failureRate = section.value("failure_rate", .fraction("a number above 0, up to 1") { $0 > 0 && $0 <= 1 })
        section.read("window", .duration(.milliseconds(10)...(.seconds(3_600))), into: &window)
        section.read("min_calls", .integer(1...100_000), into: &minCalls)
        slowCall = section.value("slow_call", .duration(.milliseconds(1)...(.seconds(300))))
        section.read("open_for", .duration(.milliseconds(10)...(.seconds(86_400))), into: &openFor)
        section.read("half_open_probes", .integer(1...100), into: &halfOpenProbes)
    }
}

extension Configuration.Limits {
    /// - `concurrency` (1 to 100,000, default 512), `per_second` (1 to 100,000, default none)
    init(_ section: ConfigurationSection) {
        section.read("concurrency", .integer(1...100_000), into: &concurrency)
        perSecond = section.value("per_second", .integer(1...100_000))
    }
}

extension Configuration.Inquiry {
    /// - `first_after` (duration, default `2s`), `factor` (1 to 10, default 2), `max` (duration, default `5m`)
    /// - `give_up_after` (duration, default `24h`)
    init(_ section: ConfigurationSection) {
        section.read("first_after", .duration(.milliseconds(1)...(.seconds(3_600))), into: &firstAfter)
        section.read("factor", .integer(1...10), into: &factor)
        section.read("max", .duration(.milliseconds(1)...(.seconds(86_400))), into: &max)
        section.read("give_up_after", .duration(.milliseconds(10)...(.seconds(90 * 86_400))), into: &giveUpAfter)
        section.order(("first_after", firstAfter), ("max", max))
        section.order(("first_after", firstAfter), ("give_up_after", giveUpAfter))
    }
}

extension ValueSyntax<AddressPolicy> {
    /// Whether private addresses are allowed.
    static var addressPolicy: Self {
        Self(expected: "true, false or report") { content in
            switch content {
            case .bool(let isAllowed): isAllowed ? .any : .publicOnly
            case .text("report"): .report
            default: nil
            }
        }
    }
}
