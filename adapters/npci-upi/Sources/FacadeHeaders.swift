import AdapterKit

/// What the facade calls its headers: the fact sheet only proposes names, so each is a setting.
enum FacadeHeaders {
    private typealias Names = NonceSigned.Names

    private static let standard: [(setting: String, name: String)] = [
        ("header_organisation", "X-UPI-Org-Id"), ("header_timestamp", "X-UPI-Timestamp"), ("header_nonce", "X-UPI-Nonce"),
        ("header_key_id", "X-UPI-Key-Id"), ("header_signature", "X-UPI-Signature"),
        ("header_payload_signature", "X-UPI-Payload-Signature"),
    ]

    /// Those that say something else already.
    private static let taken = ["content-type", "content-length", "host", "connection", "transfer-encoding", "expect"]

    static let settings = standard.map { row in
        SettingDescription(row.setting, "name of this header, in requests and callbacks; \(row.name) unless given")
    }

    static func names(in settings: AdapterSettings) throws(SettingsFailure) -> NonceSigned.Names {
        var names: [String] = []
        for row in standard {
            let name = try settings.text(row.setting) ?? row.name
            guard isName(name), !(taken + names.map { $0.lowercased() }).contains(name.lowercased()) else {
                throw settings.failure(
                    of: row.setting, expected: "the name of a header, up to 64 letters, digits and hyphens, unlike the others")
            }
            names.append(name)
        }
        return Names(
            sender: names[0], timestamp: names[1], nonce: names[2], keyID: names[3], signature: names[4],
            payloadSignature: names[5])
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "-") }
    }
}
