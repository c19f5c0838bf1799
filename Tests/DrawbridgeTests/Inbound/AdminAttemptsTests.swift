import TestKit
import Testing

@testable import Drawbridge

@Suite("Wrong admin tokens")
struct AdminAttemptsTests {
    private static func address(_ number: Int) -> CallerAddress { CallerAddress("192.0.\(number / 256).\(number % 256)") }

    @Test("lock their address out after ten in a minute, until the minute ends, also with the right token")
    func locks() {
        let time = ManualTime()
        let attempts = AdminAttempts(time: time)
        for _ in 0..<10 {
            #expect(attempts.judge(Self.address(1), isRight: true) == .passed)
            #expect(attempts.judge(Self.address(1), isRight: false) == .failed)
            time.advance(by: .seconds(1))
        }
        #expect(attempts.judge(Self.address(1), isRight: false) == .locked(.seconds(50)))
        #expect(attempts.judge(Self.address(1), isRight: true) == .locked(.seconds(50)))
        #expect(attempts.judge(Self.address(2), isRight: true) == .passed)
        #expect(attempts.judge(Self.address(2), isRight: false) == .failed)
        time.advance(by: .seconds(49))
        #expect(attempts.judge(Self.address(1), isRight: true) == .locked(.seconds(1)))
        time.advance(by: .seconds(1))
        #expect(attempts.judge(Self.address(1), isRight: true) == .passed)
    }

    @Test("from many addresses lock each of them out after one, and let in who has not failed")
    func inAll() {
        let time = ManualTime()
        let attempts = AdminAttempts(time: time)
        for number in 0..<100 { #expect(attempts.judge(Self.address(number), isRight: false) == .failed) }
        #expect(attempts.judge(Self.address(0), isRight: false) == .locked(.seconds(60)))
        #expect(attempts.judge(Self.address(500), isRight: true) == .passed)
        #expect(attempts.judge(Self.address(500), isRight: false) == .failed)
        #expect(attempts.judge(Self.address(500), isRight: true) == .locked(.seconds(60)))
        time.advance(by: .seconds(60))
        #expect(attempts.judge(Self.address(0), isRight: false) == .failed)
        #expect(attempts.judge(Self.address(0), isRight: true) == .passed)
    }

    @Test("are remembered of the latest thousand addresses")
    func bounded() {
        let time = ManualTime()
        let attempts = AdminAttempts(time: time)
        for number in 0...1_024 {
            _ = attempts.judge(Self.address(number), isRight: false)
            time.advance(by: .milliseconds(1))
        }
        #expect(attempts.judge(Self.address(0), isRight: true) == .passed)
        #expect(attempts.judge(Self.address(1_024), isRight: true) != .passed)
    }
}
