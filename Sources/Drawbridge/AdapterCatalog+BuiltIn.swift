import BankHMAC
import Stripe

extension AdapterCatalog {
    /// The adapters of this build: one row each.
    static let builtIn = AdapterCatalog([
        BankHMACAdapter.self,
        StripeAdapter.self,
    ])
}
