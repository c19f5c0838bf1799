import AdapterKit

/// What one attempt to deliver a webhook came to, and what follows from it (protocols/standard-webhooks.md, 4 and 5).
enum WebhookVerdict: Sendable, Equatable {
    case delivered
    /// 410: the receiver wants no more.
    case gone
    case failed(error: String, slowDown: Duration?)

    /// The longest that an endpoint may ask us to wait.
    private static let longestWait = Duration.seconds(3600)

    init(_ answer: Result<GatewayResponse, TransportFailure>) {
        switch answer {
        case .failure(let failure): self = .failed(error: failure.code.rawValue, slowDown: nil)
        case .success(let response): self.init(response)
        }
    }

    private init(_ response: GatewayResponse) {
        let asked = min(response.retryAfter ?? .seconds(5), Self.longestWait)
        switch response.status {
        case 200..<300: self = .delivered
        case 300..<400: self = .failed(error: "redirect_not_followed", slowDown: nil)
        case 410: self = .gone
        case 429: self = .failed(error: "rate_limited", slowDown: asked)
        case 502, 503, 504: self = .failed(error: "overloaded", slowDown: asked)
        case 400..<500: self = .failed(error: "refused", slowDown: nil)
        default: self = .failed(error: "server_error", slowDown: nil)
        }
    }
}

/// The specification's retry schedule: how long after a failed attempt the next one comes.
enum WebhookSchedule {
    static let delays: [Duration] = [
        .seconds(5), .seconds(300), .seconds(1_800), .seconds(7_200), .seconds(18_000), .seconds(36_000), .seconds(50_400),
        .seconds(72_000), .seconds(86_400),
    ]
    /// Of the delay, either way.
    private static let jitter = 0.1

    /// - Parameters:
    ///   - tries: attempts before the one that failed.
    ///   - unit: drawn from `0..<1`.
    /// - Returns: `nil` after the last.
    static func delay(after tries: Int, unit: Double) -> Duration? {
        guard delays.indices.contains(tries) else { return nil }
        return delays[tries] * (1 - jitter + 2 * jitter * unit)
    }
}
