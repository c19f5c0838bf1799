import Foundation
import JWTKit

/// One key of an issuer, ready to verify.
struct TokenVerifier: Sendable {
    let algorithm: TokenAlgorithm
    private let key: any JWTAlgorithm

    init(algorithm: TokenAlgorithm, key: any JWTAlgorithm) {
        self.algorithm = algorithm
        self.key = key
    }

    /// Whether this key signed the token, under the algorithm that the key is for.
    func holds(_ token: SignedToken) -> Bool {
        guard token.algorithm == algorithm, key.name == algorithm.rawValue else { return false }
        return (try? key.verify(token.signature, signs: token.signed)) ?? false
    }
}
