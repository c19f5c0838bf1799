/// A moment in UTC with millisecond precision. Nothing below the executable asks the system for one: it is passed in.
public struct Timestamp: Sendable, Hashable, Comparable, Codable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public let milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public init(seconds: Int64) { self.milliseconds = seconds * 1000 }

    public init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }

    /// Whole seconds since the epoch, rounded down.
    public var seconds: Int64 { (milliseconds - Self.floorModulo(milliseconds, 1000)) / 1000 }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    public static func + (left: Timestamp, right: Duration) -> Timestamp {
        Timestamp(milliseconds: left.milliseconds + right.wholeMilliseconds)
    }

    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .milliseconds(left.milliseconds - right.milliseconds)
    }

    /// RFC 3339 in UTC with milliseconds: `2026-01-02T03:04:05.678Z`.
    public var rfc3339: String { formatted(fraction: true) }

    /// RFC 3339 in UTC with whole seconds, the shape of `X-Timestamp`: `2026-01-02T03:04:05Z`.
    public var rfc3339WholeSeconds: String { formatted(fraction: false) }

    /// Reads exactly the shape `2026-01-02T03:04:05Z`. Offsets, fractions and dates that do not exist are refused.
    public init?(wholeSecondsRFC3339 text: String) {
        let bytes = text.utf8.span
        guard bytes.count == 20, bytes[19] == UInt8(ascii: "Z"), let seconds = Self.seconds(of: bytes) else { return nil }
        self.init(seconds: seconds)
    }

    /// Reads RFC 3339 with an offset and perhaps a fraction, such as `2026-01-02T00:04:05.678-03:00`. What is finer than a
    /// millisecond is cut off; lower-case letters, leap seconds and dates that do not exist are refused.
    public init?(rfc3339 text: String) {
        let bytes = text.utf8.span
        guard bytes.count <= Self.longestRFC3339, let seconds = Self.seconds(of: bytes) else { return nil }
        var end = 19
        var milliseconds: Int64 = 0
        if end < bytes.count, bytes[end] == UInt8(ascii: ".") {
            var weight: Int64 = 100
            while end + 1 < bytes.count, let digit = Self.digit(bytes[end + 1]) {
                milliseconds += digit * weight
                weight /= 10
                end += 1
            }
            guard end > 19 else { return nil }
            end += 1
        }
        guard let offset = Self.offset(bytes.extracting(end...)) else { return nil }
        self.init(milliseconds: (seconds - offset) * 1000 + milliseconds)
    }

    /// Bytes.
    private static let longestRFC3339 = 64

    /// `2026-01-02T03:04:05` and whatever follows it, whatever it is relative to.
    private static func seconds(of bytes: Span<UInt8>) -> Int64? {
        guard bytes.count >= 19, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"), bytes[10] == UInt8(ascii: "T"),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":")
        else { return nil }
        guard let century = twoDigits(bytes, 0), let yearOfCentury = twoDigits(bytes, 2), let month = twoDigits(bytes, 5),
            let day = twoDigits(bytes, 8), let hour = twoDigits(bytes, 11), let minute = twoDigits(bytes, 14),
            let second = twoDigits(bytes, 17)
        else { return nil }
        let year = century * 100 + yearOfCentury
        guard (1...12).contains(month), (1...days(inMonth: month, of: year)).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        return daysSinceEpoch(year: year, month: month, day: day) * 86_400 + hour * 3_600 + minute * 60 + second
    }

    /// Seconds east of UTC: `Z`, `+05:30`, `-03:00`.
    private static func offset(_ bytes: Span<UInt8>) -> Int64? {
        if bytes.count == 1, bytes[0] == UInt8(ascii: "Z") { return 0 }
        guard bytes.count == 6, bytes[3] == UInt8(ascii: ":"), let hours = twoDigits(bytes, 1), hours < 24,
            let minutes = twoDigits(bytes, 4), minutes < 60
        else { return nil }
        switch bytes[0] {
        case UInt8(ascii: "+"): return hours * 3_600 + minutes * 60
        case UInt8(ascii: "-"): return -(hours * 3_600 + minutes * 60)
        default: return nil
        }
    }

    private static func twoDigits(_ bytes: Span<UInt8>, _ start: Int) -> Int64? {
        guard let tens = digit(bytes[start]), let ones = digit(bytes[start + 1]) else { return nil }
        return tens * 10 + ones
    }

    private static func digit(_ byte: UInt8) -> Int64? { (0x30...0x39).contains(byte) ? Int64(byte) - 0x30 : nil }

    private func formatted(fraction: Bool) -> String {
        let time = Self.floorModulo(seconds, 86_400)
        let (year, month, day) = Self.civil(daysSinceEpoch: (seconds - time) / 86_400)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        // RFC 3339 knows no other years; they are written all the same.
        if (0...9999).contains(year) { Self.write(year, from: 1000, then: "-", to: &text) } else { text += "\(year)-".utf8 }
        Self.write(month, from: 10, then: "-", to: &text)
        Self.write(day, from: 10, then: "T", to: &text)
        Self.write(time / 3_600, from: 10, then: ":", to: &text)
        Self.write(time / 60 % 60, from: 10, then: ":", to: &text)
        Self.write(time % 60, from: 10, then: fraction ? "." : "Z", to: &text)
        if fraction { Self.write(Self.floorModulo(milliseconds, 1000), from: 100, then: "Z", to: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    /// - Parameter place: what the first digit is worth: 1000 for four digits.
    private static func write(_ value: Int64, from place: Int64, then mark: Unicode.Scalar, to text: inout [UInt8]) {
        var place = place
        while place > 0 {
            text.append(0x30 + UInt8(value / place % 10))
            place /= 10
        }
        text.append(UInt8(ascii: mark))
    }

    private static func floorModulo(_ value: Int64, _ divisor: Int64) -> Int64 {
        let remainder = value % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }

    private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days of the proleptic Gregorian calendar, counted in eras of 400 years that begin on 1 March.
    private static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(daysSinceEpoch: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = daysSinceEpoch + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9)
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

extension Duration {
    /// Whole milliseconds, rounded towards zero.
    public var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }

    /// Seconds as a floating-point number, for metrics.
    public var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
