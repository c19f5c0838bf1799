import AdapterKit
import TestKit
import Testing

@testable import Payments

@Suite("What an endpoint's answer means, and when it is tried again")
struct WebhookVerdictTests {
    private static func answered(_ status: Int, _ headers: [(String, String)] = []) -> Result<GatewayResponse, TransportFailure> {
        .success(GatewayResponse(status: status, headers: Headers(headers)))
    }

    @Test("any 2xx has taken it", arguments: [200, 201, 202, 204, 206, 299])
    func delivered(status: Int) { #expect(WebhookVerdict(Self.answered(status)) == .delivered) }

    @Test("a redirect is a failure", arguments: [300, 301, 302, 303, 304, 307, 308, 399])
    func redirect(status: Int) {
        let verdict = WebhookVerdict(Self.answered(status, [("Location", "https://elsewhere.test/")]))
        #expect(verdict == .failed(error: "redirect_not_followed", slowDown: nil))
    }

    @Test("410 wants no more")
    func gone() { #expect(WebhookVerdict(Self.answered(410)) == .gone) }

    @Test(
        "whatever else is no 2xx is a failure",
        arguments: [
            (100, "server_error"), (199, "server_error"), (400, "refused"), (401, "refused"), (404, "refused"), (409, "refused"),
            (499, "refused"), (500, "server_error"), (501, "server_error"), (599, "server_error"), (0, "server_error"),
        ])
    func failed(status: Int, error: String) {
        #expect(WebhookVerdict(Self.answered(status, [("Retry-After", "60")])) == .failed(error: error, slowDown: nil))
    }

    @Test(
        "who is overloaded is spared for as long as he asks, at most an hour; five seconds where he does not say",
        arguments: [(429, "rate_limited"), (502, "overloaded"), (503, "overloaded"), (504, "overloaded")])
    func slowDown(status: Int, error: String) {
        let said: [(String?, Duration)] = [
            (nil, .seconds(5)), ("60", .seconds(60)), ("0", .zero), ("3600", .seconds(3_600)), ("3601", .seconds(3_600)),
            ("86400", .seconds(3_600)), ("99999999999", .seconds(5)), ("-1", .seconds(5)), ("soon", .seconds(5)),
            ("Fri, 02 Jan 2026 00:00:00 GMT", .seconds(5)),
        ]
        for (text, wait) in said {
            let verdict = WebhookVerdict(Self.answered(status, text.map { [("Retry-After", $0)] } ?? []))
            #expect(verdict == .failed(error: error, slowDown: wait), "\(text ?? "nothing")")
        }
    }

    @Test("no answer is a failure, called what the transport calls it", arguments: TransportFailure.Code.allCases)
    func unanswered(code: TransportFailure.Code) {
        #expect(WebhookVerdict(.failure(.sample(code))) == .failed(error: code.rawValue, slowDown: nil))
    }

    @Test("the specification's schedule, a tenth either way, and nothing after its end")
    func schedule() {
        let hour = 3_600.0
        let expected = [5, 300, 1_800, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour]
        for (tries, seconds) in expected.enumerated() {
            for (unit, factor) in [(0.0, 0.9), (0.5, 1.0), (1.0.nextDown, 1.1)] {
                let delay = WebhookSchedule.delay(after: tries, unit: unit)
                #expect(delay.map { abs($0 / .seconds(1) - seconds * factor) < 0.001 * seconds } == true, "\(tries), \(unit)")
            }
        }
        for tries in [expected.count, expected.count + 1, -1, .max, .min] {
            #expect(WebhookSchedule.delay(after: tries, unit: 0.5) == nil)
        }
    }
}
