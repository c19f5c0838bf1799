import BankHMAC

extension AdapterCatalog {
    /// The adapters of this build: one row each.
    static let builtIn = AdapterCatalog([
        BankHMACAdapter.self
    ])
}
