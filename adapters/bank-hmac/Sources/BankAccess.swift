import AdapterKit

/// Who we are at the bank, as the settings say it.
struct BankAccess {
    let tenant: String
    let keys: [SigningKey]
    let verifiesResponses: Bool

    init(_ settings: AdapterSettings) throws(SettingsFailure) {
        try settings.allow(only: BankHMACAdapter.settings.map(\.name))
        tenant = try settings.headerValue("tenant")
        keys = try Self.keys(in: settings)
        verifiesResponses = try settings.flag("verify_responses", default: true)
    }

    private static func keys(in settings: AdapterSettings) throws(SettingsFailure) -> [SigningKey] {
        let (id, secret) = (try settings.text("key_id"), try settings.text("secret"))
        let isSingle = id != nil || secret != nil
        let sections = try settings.sections("keys")
        guard !isSingle || sections.isEmpty else {
            throw settings.failure(of: "keys", expected: "either key_id and secret, or keys")
        }
        if isSingle { return [try settings.signingKey(idName: "key_id")] }
        let keys = try settings.signingKeys("keys")
        guard !keys.isEmpty else {
            throw settings.failure(of: "keys", expected: "1 to \(AdapterSettings.maximumKeys) keys, or key_id and secret")
        }
        return keys
    }
}
