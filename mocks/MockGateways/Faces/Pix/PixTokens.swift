import AdapterKit
import NIOHTTP1
import Signing
import Synchronization

/// Who may ask: gives out bearer tokens for our client's credentials, and knows those that serve.
final class PixTokens: Sendable {
    /// Tokens that are known; the next one takes the place of all.
    private static let maximum = 10_000

    private struct State {
        /// Ends, by token.
        var serving: [String: Timestamp] = [:]
        /// Never begun anew, so that no token comes twice.
        var issued = 0
    }

    let lifetime: Duration
    private let basic: Secret
    private let state = Mutex(State())

    init(clientID: String, secret: Secret, lifetime: Duration) {
        self.lifetime = lifetime
        basic = Secret(text: "Basic " + Base64.encode(Array("\(clientID):".utf8) + secret.bytes))
    }

    func isOurClient(_ request: CollectedRequest) -> Bool {
        request.only("Authorization").map { Secret(text: $0) == basic } ?? false
    }

    func issue(at now: Timestamp) -> String {
        state.withLock { state in
            state.serving = state.serving.count < Self.maximum ? state.serving.filter { now < $0.value } : [:]
            state.issued += 1
            let token = "mock-pix-token-\(state.issued)"
            state.serving[token] = now + lifetime
            return token
        }
    }

    func serves(_ request: CollectedRequest, at now: Timestamp) -> Bool {
        let scheme = "Bearer "
        guard let header = request.only("Authorization"), header.hasPrefix(scheme) else { return false }
        return state.withLock { $0.serving[String(header.dropFirst(scheme.count))].map { now < $0 } ?? false }
    }

    /// All that were given out serve no longer.
    func revoke() { state.withLock { $0.serving = [:] } }
}
