import Payments
import TestKit
import Testing

@Suite("The limits of a gateway", .timeLimit(.minutes(1)))
struct GatewayLimitsTests {
    private static let gateway = "bank-a"
    private let time = ManualTime()

    private func limits(_ limit: GatewayLimits.Limit) -> GatewayLimits {
        GatewayLimits(limits: [Self.gateway: limit, "bank-b": .init()], time: time)
    }

    private func entering(_ limits: GatewayLimits, within wait: Duration = .seconds(5)) async -> Task<Bool, Never> {
        let end = time.monotonic() + wait
        return Task { await limits.enter(Self.gateway, until: end) }
    }

    // MARK: Concurrency

    @Test func `let in as many as may be at once, and one more for each who leaves`() async {
        let limits = limits(.init(concurrency: 2))
        for _ in 0..<2 { #expect(await limits.enter(Self.gateway, until: .zero)) }
        let third = await entering(limits)
        await time.sleepers(atLeast: 1)
        limits.leave(Self.gateway)
        #expect(await third.value)
        limits.leave(Self.gateway)
        #expect(await limits.enter(Self.gateway, until: .zero))
    }

    @Test func `take nothing from another gateway, nor from one without limits`() async {
        let limits = limits(.init(concurrency: 1))
        #expect(await limits.enter(Self.gateway, until: .zero))
        #expect(await limits.enter("bank-b", until: .zero))
        for _ in 0..<100 { #expect(await limits.enter("other", until: .zero)) }
        limits.leave("other")
    }

    @Test func `refuse whose time is over before there is a place`() async {
        let limits = limits(.init(concurrency: 1))
        #expect(await limits.enter(Self.gateway, until: .zero))
        let second = await entering(limits, within: .seconds(3))
        await time.sleepers(atLeast: 1)
        time.advance(by: .seconds(3))
        #expect(await !second.value)
        limits.leave(Self.gateway)
        #expect(await limits.enter(Self.gateway, until: .zero))
    }

    @Test func `serve who came first`() async {
        let limits = limits(.init(concurrency: 1))
        #expect(await limits.enter(Self.gateway, until: .zero))
        var waiting: [Task<Bool, Never>] = []
        for number in 1...5 {
            waiting.append(await entering(limits, within: .seconds(number)))
            await time.sleepers(atLeast: number)
        }
        for task in waiting {
            limits.leave(Self.gateway)
            #expect(await task.value)
        }
    }

    @Test func `give no place to one who was cancelled while it waited`() async {
        let limits = limits(.init(concurrency: 1))
        #expect(await limits.enter(Self.gateway, until: .zero))
        let (gone, next) = (await entering(limits), await entering(limits))
        await time.sleepers(atLeast: 2)
        gone.cancel()
        #expect(await !gone.value)
        limits.leave(Self.gateway)
        #expect(await next.value)
    }

    @Test func `lose no place however callers come, give up and go`() async {
        let limits = limits(.init(concurrency: 3))
        await withTaskGroup { group in
            for number in 0..<600 {
                group.addTask {
                    let caller = Task { await limits.enter(Self.gateway, until: .seconds(3_600)) }
                    if number.isMultiple(of: 3) { caller.cancel() }
                    if await caller.value { limits.leave(Self.gateway) }
                }
            }
        }
        for _ in 0..<3 { #expect(await limits.enter(Self.gateway, until: .zero)) }
        let fourth = await entering(limits, within: .zero)
        #expect(await !fourth.value)
    }

    // MARK: Rate

    @Test func `space calls by the rate`() async {
        let limits = limits(.init(perSecond: 10))
        #expect(await limits.enter(Self.gateway, until: .zero))
        let second = await entering(limits)
        await time.sleepers(atLeast: 1)
        time.advance(by: .milliseconds(99))
        await time.sleepers(atLeast: 1)
        time.advance(by: .milliseconds(1))
        #expect(await second.value)
    }

    @Test func `refuse at once whom the rate would keep waiting too long, and leave its place free`() async {
        let limits = limits(.init(concurrency: 2, perSecond: 10))
        #expect(await limits.enter(Self.gateway, until: .zero))
        for _ in 0..<50 { #expect(await !limits.enter(Self.gateway, until: .milliseconds(99))) }
        time.advance(by: .milliseconds(100))
        #expect(await limits.enter(Self.gateway, until: .milliseconds(100)))
    }

    @Test func `give the turn of one who was cancelled to the next`() async {
        let limits = limits(.init(perSecond: 1))
        #expect(await limits.enter(Self.gateway, until: .zero))
        let gone = await entering(limits)
        await time.sleepers(atLeast: 1)
        gone.cancel()
        #expect(await !gone.value)
        time.advance(by: .seconds(1))
        #expect(await limits.enter(Self.gateway, until: .seconds(1)))
    }

    // MARK: Retries

    @Test func `allow retries within the budget, each gateway its own`() {
        let limits = limits(.init(retryRatio: 0.2, retryMinimumPerSecond: 1))
        for _ in 0..<50 { limits.called(Self.gateway) }
        #expect((0..<100).count { _ in limits.mayRetry(Self.gateway) } == 10)
        #expect((0..<100).count { _ in limits.mayRetry("bank-b") } == 3)
        time.advance(by: .seconds(1))
        #expect((0..<100).count { _ in limits.mayRetry(Self.gateway) } == 1)
        #expect(limits.mayRetry("other"))
    }
}
