import Foundation

/// Which worlds are simulated.
enum Seeds {
    /// As many as a test run has time for.
    static let usual = Array(UInt64(1)...2_000)

    /// `SIMULATION_SEEDS`, a list of seeds and ranges (`17,20..30`, `17..17`); one number alone is how many. `nil` without it.
    static let asked: [UInt64]? = ProcessInfo.processInfo.environment["SIMULATION_SEEDS"].flatMap { $0.isEmpty ? nil : read($0) }

    static func read(_ text: String) -> [UInt64] {
        if let count = UInt64(text), count >= 1 { return Array(1...count) }
        return text.split(separator: ",").flatMap { piece -> [UInt64] in
            let ends = piece.split(separator: ".", omittingEmptySubsequences: true).compactMap { UInt64($0) }
            guard let first = ends.first, let last = ends.last, first <= last else { return [] }
            return Array(first...last)
        }
    }
}
