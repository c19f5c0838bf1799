import BankHMAC
import NPCIUPI
import Pix
import Stripe

extension AdapterCatalog {
    /// The adapters of this build: one row each.
    static let builtIn = AdapterCatalog([
        BankHMACAdapter.self,
        NPCIUPIAdapter.self,
        PixAdapter.self,
        StripeAdapter.self,
    ])
}
