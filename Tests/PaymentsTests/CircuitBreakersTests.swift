import Payments
import Resilience
import TestKit
import Testing

@Suite("The circuit breakers of one process", .timeLimit(.minutes(1)))
struct CircuitBreakersTests {
    private static let gateway = BreakerReplica.gateway
    private let time = ManualTime()
    private let log = RecordedLog()
    private let breakers: CircuitBreakers

    init() {
        breakers = CircuitBreakers(
            settings: [Self.gateway: .init(), "bank-b": .init()], store: nil, replica: "r", time: time, random: SeededRandom(),
            logger: log.logger)
    }

    private func call(_ result: CallResult, times: Int = 1, gateway: String = gateway) async {
        for _ in 0..<times { breakers.record(await breakers.permit(gateway), gateway, result, duration: .zero) }
    }

    private func later(_ duration: Duration = .seconds(5)) -> Duration { time.monotonic() + duration }

    @Test func `trip by failures in a row, each gateway for itself`() async {
        await call(.failure, times: 5)
        #expect(breakers.refuses(Self.gateway))
        #expect(breakers.state(of: Self.gateway) == .open)
        #expect(await breakers.permit(Self.gateway) == .refused)
        #expect(!breakers.refuses("bank-b"))
        #expect(breakers.state(of: "bank-b") == .closed)
    }

    @Test func `let everything pass to a gateway without settings`() async {
        await call(.failure, times: 50, gateway: "other")
        #expect(!breakers.refuses("other"))
        #expect(breakers.state(of: "other") == .closed)
        #expect(breakers.status(of: "other") == nil)
        #expect(await breakers.inquiryPermit("other", until: later()) == .proceed(generation: 0))
    }

    @Test func `probe once and close`() async throws {
        await call(.failure, times: 5)
        time.advance(by: .seconds(60))
        #expect(!breakers.refuses(Self.gateway))
        let probe = await breakers.permit(Self.gateway)
        guard case .probe = probe else { throw Unexpected(permit: probe) }
        #expect(breakers.refuses(Self.gateway))
        #expect(await breakers.permit(Self.gateway) == .refused)
        breakers.record(probe, Self.gateway, .success, duration: .zero)
        #expect(breakers.state(of: Self.gateway) == .closed)
        #expect(!breakers.refuses(Self.gateway))
    }

    private struct Unexpected: Error { let permit: BreakerPermit }

    @Test func `drop what a call from before the trip says`() async {
        let before = await breakers.permit(Self.gateway)
        await call(.failure, times: 5)
        time.advance(by: .seconds(60))
        let probe = await breakers.permit(Self.gateway)
        breakers.record(before, Self.gateway, .success, duration: .zero)
        #expect(breakers.state(of: Self.gateway) == .halfOpen)
        breakers.record(probe, Self.gateway, .failure, duration: .zero)
        breakers.record(before, Self.gateway, .success, duration: .zero)
        #expect(breakers.state(of: Self.gateway) == .open)
    }

    @Test func `take nothing from a call that was refused`() async {
        for result in CallResult.allCases {
            for _ in 0..<9 { breakers.record(.refused, Self.gateway, result, duration: .zero) }
        }
        #expect(breakers.state(of: Self.gateway) == .closed)
    }

    @Test func `say each change of state once, in constant words`() async {
        await call(.failure, times: 50)
        time.advance(by: .seconds(60))
        await call(.success, times: 9)
        let lines = log.lines.filter { $0.contains("circuit breaker changed its state") }
        #expect(lines.count == 3)
        #expect(lines.first?.contains("open") == true)
        #expect(lines.allSatisfy { $0.contains(Self.gateway) })
    }

    // MARK: Forced

    @Test("obey an operator, and say why", arguments: [BreakerOrder.forcedOpen, .forcedClosed])
    func forced(order: BreakerOrder) async throws {
        try await breakers.force(Self.gateway, order, reason: "maintenance", actor: "ops", limit: .seconds(30))
        #expect(breakers.refuses(Self.gateway) == (order == .forcedOpen))
        await call(.failure, times: 9)
        let status = try #require(breakers.status(of: Self.gateway))
        #expect(status.state.rawValue == order.rawValue)
        #expect(status.reason == "maintenance")
        #expect(status.actor == "ops")
        #expect(status.remaining == .seconds(30))
        time.advance(by: .seconds(30))
        let ended = try #require(breakers.status(of: Self.gateway))
        #expect(ended.state == .closed)
        #expect(ended.reason == nil)
        #expect(ended.remaining == nil)
    }

    @Test func `close at once what an operator gives back`() async throws {
        await call(.failure, times: 5)
        try await breakers.force(Self.gateway, .closed, reason: "bank is well", actor: "ops", limit: nil)
        #expect(breakers.state(of: Self.gateway) == .closed)
        #expect(breakers.status(of: Self.gateway)?.actor == nil)
    }

    // MARK: Inquiries

    private func isTurn(_ permit: BreakerPermit) -> Bool { if case .turn = permit { true } else { false } }
    private func isProbing(_ permit: BreakerPermit) -> Bool { if case .turn(_?) = permit { true } else { false } }

    @Test func `let inquiries pass at once where the breaker is closed`() async {
        let permits = [
            await breakers.inquiryPermit(Self.gateway, until: .zero), await breakers.inquiryPermit(Self.gateway, until: .zero),
        ]
        #expect(permits.allSatisfy { if case .proceed = $0 { true } else { false } })
    }

    @Test("let one inquiry at a time pass where it is not closed", arguments: [true, false])
    func oneAtATime(forced: Bool) async throws {
        if forced {
            try await breakers.force(Self.gateway, .forcedOpen, reason: "r", actor: "o", limit: nil)
        } else {
            await call(.failure, times: 5)
        }
        let first = await breakers.inquiryPermit(Self.gateway, until: later())
        #expect(first == .turn(nil))
        let breakers = breakers
        let end = later()
        let second = Task { await breakers.inquiryPermit(Self.gateway, until: end) }
        await time.sleepers(atLeast: 1)
        breakers.record(first, Self.gateway, .success, duration: .zero)
        #expect(await second.value == .turn(nil))
        #expect(breakers.refuses(Self.gateway))
        #expect(breakers.state(of: Self.gateway) == (forced ? .forcedOpen : .open))
    }

    @Test func `refuse an inquiry whose turn does not come in time`() async {
        await call(.failure, times: 5)
        let first = await breakers.inquiryPermit(Self.gateway, until: later())
        let breakers = breakers
        let end = later(.seconds(3))
        let second = Task { await breakers.inquiryPermit(Self.gateway, until: end) }
        await time.sleepers(atLeast: 1)
        time.advance(by: .seconds(3))
        #expect(await second.value == .refused)
        breakers.record(first, Self.gateway, .neutral, duration: .zero)
        #expect(await breakers.inquiryPermit(Self.gateway, until: later()) == .turn(nil))
    }

    @Test func `refuse an inquiry that was cancelled while it waited, and keep no turn for it`() async {
        await call(.failure, times: 5)
        let first = await breakers.inquiryPermit(Self.gateway, until: later())
        let breakers = breakers
        let end = later()
        let second = Task { await breakers.inquiryPermit(Self.gateway, until: end) }
        await time.sleepers(atLeast: 1)
        second.cancel()
        #expect(await second.value == .refused)
        breakers.record(first, Self.gateway, .neutral, duration: .zero)
        #expect(await breakers.inquiryPermit(Self.gateway, until: .zero) == .turn(nil))
    }

    @Test func `make the inquiry the probe where one is due`() async {
        await call(.failure, times: 5)
        time.advance(by: .seconds(60))
        let probe = await breakers.inquiryPermit(Self.gateway, until: later())
        #expect(isProbing(probe))
        #expect(await breakers.permit(Self.gateway) == .refused)
        breakers.record(probe, Self.gateway, .success, duration: .zero)
        #expect(breakers.state(of: Self.gateway) == .closed)
    }

    @Test func `leave the probe to an inquiry that waits`() async {
        await call(.failure, times: 5)
        let first = await breakers.inquiryPermit(Self.gateway, until: later())
        let breakers = breakers
        let end = later(.seconds(120))
        let second = Task { await breakers.inquiryPermit(Self.gateway, until: end) }
        await time.sleepers(atLeast: 1)
        time.advance(by: .seconds(60))
        #expect(breakers.refuses(Self.gateway))
        #expect(await breakers.permit(Self.gateway) == .refused)
        breakers.record(first, Self.gateway, .neutral, duration: .zero)
        let probe = await second.value
        #expect(isProbing(probe))
        breakers.record(probe, Self.gateway, .failure, duration: .zero)
        #expect(breakers.state(of: Self.gateway) == .open)
    }

    @Test func `let inquiries pass while a payment is the probe`() async {
        await call(.failure, times: 5)
        time.advance(by: .seconds(60))
        let probe = await breakers.permit(Self.gateway)
        let inquiry = await breakers.inquiryPermit(Self.gateway, until: later())
        #expect(inquiry == .turn(nil))
        breakers.record(inquiry, Self.gateway, .failure, duration: .zero)
        #expect(breakers.state(of: Self.gateway) == .halfOpen)
        breakers.record(probe, Self.gateway, .success, duration: .zero)
        #expect(breakers.state(of: Self.gateway) == .closed)
    }
}
