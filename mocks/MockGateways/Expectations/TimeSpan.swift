import AdapterKit

/// A `timeUnit` and a number.
enum TimeSpan {
    private static let milliseconds: [String: Int] = [
        "MILLISECONDS": 1, "SECONDS": 1000, "MINUTES": 60_000, "HOURS": 3_600_000, "DAYS": 86_400_000,
    ]

    /// Milliseconds, 0 to `maximum`.
    static func read(
        _ json: LocatedJSON, _ member: String, upTo maximum: Int
    ) throws(ExpectationRefusal) -> Int {
        let unit = try json.required("timeUnit")
        guard let factor = milliseconds[try unit.text()] else { throw unit.refusal("not a time unit of mock-gateways") }
        return try json.required(member).integer(in: 0...maximum / factor) * factor
    }
}
