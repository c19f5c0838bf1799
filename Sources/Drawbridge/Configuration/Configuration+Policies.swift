import Payments
import Resilience

/// What the file says, as the parts that act on it take it.
extension Configuration.Gateway {
    var policy: Payments.Gateway.Policy {
        Payments.Gateway.Policy(
            maximumRetries: retry.maxRetries,
            backoff: Backoff(base: retry.base, factor: retry.factor, ceiling: retry.max, jitter: retry.jitter),
            inquiry: Cadence(
                first: inquiry.firstAfter, factor: inquiry.factor, max: inquiry.max, giveUpAfter: inquiry.giveUpAfter))
    }

    /// After an attempt, for the round trips around it.
    private static let probeMargin = Duration.seconds(5)

    var breakerSettings: CircuitBreaker.Settings {
        CircuitBreaker.Settings(
            consecutiveFailures: breaker.consecutiveFailures, failureRate: breaker.failureRate, window: breaker.window,
            minimumCalls: breaker.minCalls, slowCall: breaker.slowCall, openFor: breaker.openFor,
            halfOpenProbes: breaker.halfOpenProbes, probeLease: timeout.attempt + Self.probeMargin)
    }

    var limit: GatewayLimits.Limit {
        GatewayLimits.Limit(
            concurrency: limits.concurrency, perSecond: limits.perSecond.map(Double.init), retryRatio: retry.budget.ratio,
            retryMinimumPerSecond: retry.budget.minPerSecond)
    }
}

extension Configuration {
    /// By tenant.
    var quotas: [String: Quota] {
        let quotas = tenants.map { ($0.id, Quota(perSecond: $0.rate.perSecond, burst: $0.rate.burst)) }
        return Dictionary(quotas, uniquingKeysWith: { first, _ in first })
    }
}

extension Configuration.Queue {
    var cadence: Cadence {
        Cadence(first: retry.first, factor: retry.factor, max: retry.max, giveUpAfter: giveUpAfter)
    }
}
