import AdapterKit
import Testing

@Suite struct TimestampTests {
    @Test(
        "a time is read and written as the same text",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59Z", -1), ("2026-01-02T03:04:05Z", 1_767_323_045),
            ("2000-02-29T12:00:00Z", 951_825_600), ("2024-02-29T23:59:59Z", 1_709_251_199),
            ("2024-03-01T00:00:00Z", 1_709_251_200),
            ("2100-02-28T23:59:59Z", 4_107_542_399), ("2100-03-01T00:00:00Z", 4_107_542_400),
            ("1600-02-29T00:00:00Z", -11_670_998_400),
            ("0001-01-01T00:00:00Z", -62_135_596_800), ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] as [(String, Int64)])
    func texts(text: String, seconds: Int64) throws {
        let time = try #require(Timestamp(wholeSecondsRFC3339: text))
        #expect(time == Timestamp(seconds: seconds))
        #expect(time.rfc3339WholeSeconds == text)
    }

    @Test func `every day of four hundred years goes to text and back`() throws {
        for day in stride(from: Int64(-73_000), to: 73_100, by: 1) {
            let time = Timestamp(seconds: day * 86_400 + 86_399)
            #expect(Timestamp(wholeSecondsRFC3339: time.rfc3339WholeSeconds) == time)
        }
    }

    @Test(
        "another shape, and a date that does not exist, are refused",
        arguments: [
            "", "2026-01-02T03:04:05", "2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05z", "2026-01-02t03:04:05Z",
            "2026-01-02 03:04:05Z", "2026-01-02T03:04:05.000Z", "2026-01-02T03:04:5Z", "2026-1-02T03:04:05Z",
            "26-01-02T03:04:05Z",
            " 2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z ", "2026-01-02T03:04:05Z\n", "2026/01/02T03:04:05Z",
            "20260102T030405Z",
            "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2024-02-30T00:00:00Z", "2026-01-02T24:00:00Z",
            "2026-01-02T03:60:00Z",
            "2026-01-02T03:04:60Z", "+026-01-02T03:04:05Z", "-026-01-02T03:04:05Z", "2026-01-0٢T03:04:0Z", "２026-01-02T03:04Z",
            "1767323045",
        ])
    func refused(text: String) {
        #expect(Timestamp(wholeSecondsRFC3339: text) == nil)
    }

    @Test(
        "a time with a fraction or an offset is read as the moment it names",
        arguments: [
            ("2026-01-02T03:04:05Z", 1_767_323_045_000), ("2026-01-02T03:04:05.678Z", 1_767_323_045_678),
            ("2026-01-02T03:04:05.6Z", 1_767_323_045_600), ("2026-01-02T03:04:05.67Z", 1_767_323_045_670),
            ("2026-01-02T03:04:05.678999999Z", 1_767_323_045_678), ("2026-01-02T00:04:05.678-03:00", 1_767_323_045_678),
            ("2026-01-02T08:34:05+05:30", 1_767_323_045_000), ("2026-01-01T23:04:05-04:00", 1_767_323_045_000),
            ("2026-01-02T03:04:05-00:00", 1_767_323_045_000), ("1970-01-01T00:00:00.001+00:00", 1),
            ("1969-12-31T23:59:59.999Z", -1),
        ] as [(String, Int64)])
    func moments(text: String, milliseconds: Int64) {
        #expect(Timestamp(rfc3339: text) == Timestamp(milliseconds: milliseconds))
    }

    @Test(
        "a time without an offset, of another shape or out of range is refused",
        arguments: [
            "", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02T03:04:05.678", "2026-01-02T03:04Z", "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05,678Z", "2026-01-02T03:04:05.-1Z", "2026-01-02T03:04:05+0000", "2026-01-02T03:04:05+00",
            "2026-01-02T03:04:05+24:00", "2026-01-02T03:04:05+00:60", "2026-01-02T03:04:05 00:00", "2026-01-02T03:04:05ZZ",
            "2026-01-02T03:04:05Z ", " 2026-01-02T03:04:05Z", "2026-01-02t03:04:05z", "2026-01-02 03:04:05Z",
            "2026-02-29T03:04:05Z", "2026-01-02T23:59:60Z", "2026-01-02T24:00:00+01:00", "2026-01-02T03:04:05.６Z",
            "2026-01-02T03:04:05." + String(repeating: "0", count: 64) + "Z",
        ])
    func refusedMoments(text: String) { #expect(Timestamp(rfc3339: text) == nil) }

    @Test(
        "milliseconds are written with three digits, before the epoch too",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1_767_323_045_678, "2026-01-02T03:04:05.678Z"), (7, "1970-01-01T00:00:00.007Z"),
            (-1, "1969-12-31T23:59:59.999Z"), (-1_000, "1969-12-31T23:59:59.000Z"),
        ] as [(Int64, String)])
    func milliseconds(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
    }

    @Test(
        "a year that RFC 3339 does not know is written all the same",
        arguments: [(253_402_300_800, "10000-01-01T00:00:00Z"), (-62_167_219_201, "-1-12-31T23:59:59Z")] as [(Int64, String)])
    func otherYears(seconds: Int64, text: String) {
        #expect(Timestamp(seconds: seconds).rfc3339WholeSeconds == text)
    }

    @Test(
        "whole seconds are rounded down",
        arguments: [(1_999, 1), (1_000, 1), (999, 0), (-1, -1), (-1_000, -1), (-1_001, -2)] as [(Int64, Int64)])
    func seconds(milliseconds: Int64, seconds: Int64) {
        #expect(Timestamp(milliseconds: milliseconds).seconds == seconds)
    }

    @Test func `times and durations add up`() {
        let time = Timestamp(milliseconds: 1_500)
        #expect(time + .milliseconds(250) == Timestamp(milliseconds: 1_750))
        #expect(time + .seconds(-2) == Timestamp(milliseconds: -500))
        #expect(Timestamp(milliseconds: 1_750) - time == .milliseconds(250))
        #expect(time < Timestamp(milliseconds: 1_501))
        #expect((Duration.milliseconds(1_500) + .microseconds(999)).wholeMilliseconds == 1_500)
        #expect(Duration.milliseconds(250).inSeconds == 0.25)
    }
}
