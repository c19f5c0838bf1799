import Metrics

extension PaymentService {
    /// The tenant has used its quota up: nothing is stored, nothing is sent, and the key is as good as new (K5).
    func refusal(of call: Call, _ standing: Quota.Standing) -> Problem {
        Counter(label: "drawbridge_rate_limited_total", dimensions: [("tenant", call.tenant)]).increment()
        let quota = standing.quota
        return Problem(
            .rateLimited,
            "This tenant may ask for \(quota.burst) changes at once and \(quota.perSecond) a second after that. Repeat it with the same key.",
            retryAfter: standing.secondsUntilNext, standing: standing)
    }
}

extension Quota.Standing {
    /// Whole seconds, at least 1: for `Retry-After`.
    public var secondsUntilNext: Int { max(1, Int((untilNext.wholeMicroseconds + 999_999) / 1_000_000)) }
}
