/// What `drawbridge check` says about one key.
struct ConfigurationFinding: Sendable, Equatable {
    enum Severity: String, Sendable, CaseIterable {
        /// `serve` would refuse it, or could not take a payment with it.
        case problem
        case warning
        case note
    }

    let severity: Severity
    let key: String
    /// Where the file sets the key; `nil` where it does not.
    let line: Int?
    let message: String
}
