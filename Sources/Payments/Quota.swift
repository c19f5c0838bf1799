/// How many claims a tenant may make: a bucket of `burst` tokens that gets `perSecond` more each second (config.md, `tenants.*.rate`).
/// A payment, capture, void or refund costs one, a repeat too.
public struct Quota: Sendable, Equatable {
    /// 1 to 1,000,000.
    public let perSecond: Int
    /// 1 to 1,000,000.
    public let burst: Int

    public init(perSecond: Int, burst: Int) {
        self.perSecond = max(1, perSecond)
        self.burst = max(1, burst)
    }

    /// In how many whole seconds an empty bucket is full.
    public var window: Int { (burst + perSecond - 1) / perSecond }

    /// What a caller who was refused is told; less than one token is left then.
    public struct Standing: Sendable, Equatable {
        public let quota: Quota
        /// Until there is a token again, unless somebody else takes it.
        public let untilNext: Duration

        /// - Parameter missing: of a full bucket, in millionths of a token.
        public init(_ quota: Quota, missing: Int64) {
            self.quota = quota
            let excess = max(0, missing + Quota.units(1) - Quota.units(quota.burst))
            untilNext = .microseconds(excess.dividedUp(by: Int64(quota.perSecond)))
        }
    }
}

extension Quota {
    /// Buckets are counted in millionths of a token: then each microsecond brings a whole number, `perSecond`, and nothing is rounded.
    private static func units(_ tokens: Int) -> Int64 { Int64(tokens) * 1_000_000 }

    /// What a tenant's bucket lacks of being full, and since when: so another `burst` or `perSecond` counts from now on.
    struct Bucket {
        /// In millionths of a token.
        private var missing: Int64 = 0
        /// In microseconds on the store's clock.
        private var since: Int64 = 0

        /// Takes a token; where there is none, says so and leaves it as it is.
        mutating func take(of quota: Quota, now: Duration) -> Standing? {
            let now = now.wholeMicroseconds
            let lacking = missing(of: quota, at: now)
            guard lacking + Quota.units(1) <= Quota.units(quota.burst) else { return Standing(quota, missing: lacking) }
            missing = lacking + Quota.units(1)
            since = now
            return nil
        }

        private func missing(of quota: Quota, at now: Int64) -> Int64 {
            let elapsed = max(0, now - since)
            let rate = Int64(quota.perSecond)
            return elapsed >= missing.dividedUp(by: rate) ? 0 : missing - elapsed * rate
        }
    }
}

extension Int64 {
    fileprivate func dividedUp(by divisor: Int64) -> Int64 { (self + divisor - 1) / divisor }
}
