/// What a request says in its form (protocols/stripe.md, 1).
struct StripeParameters: Sendable, Equatable {
    private let values: [String: String]
    /// Of names that end in `[]`, which may be repeated.
    private let lists: [String: [String]]

    /// `nil` for a body that is no text, and for a name that stands there twice.
    init?(_ body: [UInt8]) {
        guard let text = String(validating: body, as: UTF8.self) else { return nil }
        var values: [String: String] = [:]
        var lists: [String: [String]] = [:]
        for field in FormFields(text).fields {
            if field.name.hasSuffix("[]") {
                lists[field.name, default: []].append(field.value)
            } else if values.updateValue(field.value, forKey: field.name) != nil {
                return nil
            }
        }
        (self.values, self.lists) = (values, lists)
    }

    subscript(name: String) -> String? { values[name] }

    func list(_ name: String) -> [String] { lists[name] ?? [] }

    /// The first name, in byte order, that is none of these.
    func unknown(besides known: Set<String>) -> String? {
        (Array(values.keys) + Array(lists.keys)).filter { !known.contains($0) }.min()
    }
}
