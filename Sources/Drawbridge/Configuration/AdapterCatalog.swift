import AdapterKit

/// The adapters that are built in, by the names that the configuration uses.
struct AdapterCatalog: Sendable {
    /// One adapter: how it is described to people, and how it is made from a gateway's settings.
    struct Entry: Sendable {
        let name: String
        let summary: String
        let settings: [SettingDescription]
        /// Of a gateway's `callback` section, beside those that all adapters share.
        let callbackSettings: [SettingDescription]
        let make: @Sendable (AdapterSettings) throws(SettingsFailure) -> any GatewayAdapter

        fileprivate init<Adapter: GatewayAdapter>(_ adapter: Adapter.Type) {
            name = adapter.name
            summary = adapter.summary
            settings = adapter.settings
            callbackSettings = adapter.callbackSettings
            make = { settings throws(SettingsFailure) in try Adapter(settings: settings) }
        }
    }

    /// In byte order of their names.
    let entries: [Entry]

    init(_ adapters: [any GatewayAdapter.Type]) {
        entries = adapters.map { Self.entry($0) }.sorted { $0.name < $1.name }
    }

    private static func entry<Adapter: GatewayAdapter>(_ adapter: Adapter.Type) -> Entry { Entry(adapter) }

    subscript(name: String) -> Entry? { entries.first { $0.name == name } }
}
