import HTTPTypes
import Payments

extension HTTPFields {
    /// Both forms that clients read: `RateLimit` and `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers-08 and later, and the
    /// three fields of the drafts before. A token bucket has no window; what is told is how long an empty one takes to be full.
    ///
    /// The time until the next token is that of `Retry-After`: a client that goes by any of them comes when there is one.
    mutating func set(_ standing: Quota.Standing) {
        let quota = standing.quota
        let seconds = standing.secondsUntilNext
        set("RateLimit-Policy", "\"tenant\";q=\(quota.burst);w=\(quota.window)")
        set("RateLimit", "\"tenant\";r=0;t=\(seconds)")
        set("RateLimit-Limit", String(quota.burst))
        set("RateLimit-Remaining", "0")
        set("RateLimit-Reset", String(seconds))
    }
}
