extension Duration {
    /// Longest first, so that a duration is written with the largest unit that fits it.
    private static let units: [(suffix: String, length: Duration)] = [
        ("d", .seconds(86_400)), ("h", .seconds(3_600)), ("m", .seconds(60)), ("s", .seconds(1)), ("ms", .milliseconds(1)),
    ]

    /// Reads a whole number of up to nine digits and a unit: `250ms`, `3s`, `2m`, `24h`, `100d`.
    init?(written text: String) {
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard (1...9).contains(digits.utf8.count), let count = Int64(digits),
            let unit = Self.units.first(where: { $0.suffix == text.dropFirst(digits.count) })
        else { return nil }
        let (seconds, attoseconds) = unit.length.components
        self = seconds > 0 ? .seconds(count * seconds) : Duration(secondsComponent: 0, attosecondsComponent: attoseconds) * count
    }

    /// As it is written in the configuration: `500ms`, `3s`, `100d`.
    var written: String {
        for unit in Self.units where self >= unit.length {
            let (seconds, _) = unit.length.components
            let count = seconds > 0 ? components.seconds / seconds : components.attoseconds / 1_000_000_000_000_000
            if unit.length * count == self { return "\(count)\(unit.suffix)" }
        }
        return "\(components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000)ms"
    }
}
