package import AdapterKit

/// What a delivery proved about itself.
package enum CallbackVerdict: Sendable, Equatable {
    /// Everything that was demanded held.
    /// - Parameter nonce: where the scheme carries one; not yet looked up.
    case verified(VerifiedCallback, nonce: String?)
    /// Believed in nothing but whom to ask about.
    case hint(UnprovenCallback)
    case refused(CallbackRefusal)
}
