import Payments
import Resilience
import Testing

@testable import Drawbridge

@Suite struct PolicyTests {
    private static func gateway(_ more: String) throws -> Configuration.Gateway {
        let text = ConfigurationText.minimal.replacing("settings: { tenant: acme }", with: "settings: { tenant: acme }\(more)")
        return try #require(try ConfigurationText.read(text).gateways.first)
    }

    @Test("the defaults of the file are those of the parts that act on them")
    func defaults() throws {
        let gateway = try Self.gateway("")
        #expect(gateway.policy == Payments.Gateway.Policy())
        #expect(gateway.limit == GatewayLimits.Limit())
        var breaker = CircuitBreaker.Settings()
        breaker.probeLease = .seconds(8)
        #expect(gateway.breakerSettings == breaker)
        #expect(Configuration.Queue().cadence == Cadence.queue)
    }

    @Test("what the file says reaches the parts that act on it")
    func given() throws {
        let gateway = try Self.gateway(
            """
            , timeout: { attempt: 4s }, retry: { max_retries: 1, base: 2s, factor: 3, max: 9s, jitter: none, budget: { ratio: 0.5, min_per_second: 7 } }, \
            breaker: { consecutive_failures: 2, failure_rate: 0.5, window: 10s, min_calls: 4, slow_call: 3s, open_for: 20s, half_open_probes: 6 }, \
            limits: { concurrency: 8, per_second: 16 }, inquiry: { first_after: 1s, factor: 4, max: 2m, give_up_after: 3h }
            """)
        #expect(gateway.policy.maximumRetries == 1)
        #expect(gateway.policy.backoff == Backoff(base: .seconds(2), factor: 3, ceiling: .seconds(9), jitter: .none))
        #expect(
            gateway.policy.inquiry
                == Cadence(first: .seconds(1), factor: 4, max: .seconds(120), giveUpAfter: .seconds(3 * 3_600)))
        #expect(
            gateway.breakerSettings
                == CircuitBreaker.Settings(
                    consecutiveFailures: 2, failureRate: 0.5, window: .seconds(10), minimumCalls: 4, slowCall: .seconds(3),
                    openFor: .seconds(20), halfOpenProbes: 6, probeLease: .seconds(9)))
        #expect(
            gateway.limit
                == GatewayLimits.Limit(concurrency: 8, perSecond: 16, retryRatio: 0.5, retryMinimumPerSecond: 7))
    }

    @Test("gateways with open work that are not configured are named, and no others")
    func missing() {
        let tally = [
            Shelf(.dead, gateway: "bank-gone"): 2, Shelf(.unknown, gateway: "bank-gone"): 1,
            Shelf(.unknown, gateway: "bank-a"): 5,
            Shelf(.queue, gateway: ""): 9, Shelf(.queue, gateway: "bank-empty"): 0, Shelf(.dead, gateway: "a-gone"): 1,
        ]
        let missing = Serving.MissingGateways.missing(in: tally, configured: ["bank-a"])
        #expect(missing.map(\.gateway) == ["a-gone", "bank-gone"])
        #expect(missing.map(\.open) == [1, 3])
    }
}
