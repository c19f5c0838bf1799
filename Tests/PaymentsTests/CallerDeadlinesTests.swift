import AdapterKit
import TestKit
import Testing

@testable import Payments

@Suite("How long callers wait", .timeLimit(.minutes(1)))
struct CallerDeadlinesTests {
    private let time = ManualTime()

    private func deadlines() -> CallerDeadlines { CallerDeadlines(time: time, executor: nil) }

    @Test("Each is given nothing when its time is over, and not before")
    func inTurn() async {
        let deadlines = deadlines()
        let (first, second) = (FirstAnswer<Answer?>(), FirstAnswer<Answer?>())
        _ = deadlines.begin(first, deadline: .seconds(10))
        _ = deadlines.begin(second, deadline: .seconds(15))
        await time.sleepers(atLeast: 1)
        time.advance(by: .seconds(10))
        #expect(await first.value() == nil)
        await time.sleepers(atLeast: 1)
        #expect(!second.isGiven)
        time.advance(by: .seconds(5))
        #expect(await second.value() == nil)
    }

    @Test("Who was answered before is given nothing, and holds up nobody")
    func answered() async {
        let deadlines = deadlines()
        let (first, second) = (FirstAnswer<Answer?>(), FirstAnswer<Answer?>())
        let number = deadlines.begin(first, deadline: .seconds(10))
        _ = deadlines.begin(second, deadline: .seconds(15))
        await time.sleepers(atLeast: 1)
        deadlines.end(number)
        time.advance(by: .seconds(15))
        #expect(await second.value() == nil)
        #expect(!first.isGiven)
    }

    @Test("Who comes after all others were given nothing, and are not gone yet, has a timer too")
    func afterOthers() async {
        let deadlines = deadlines()
        let (first, second) = (FirstAnswer<Answer?>(), FirstAnswer<Answer?>())
        _ = deadlines.begin(first, deadline: .seconds(1))
        await time.sleepers(atLeast: 1)
        time.advance(by: .seconds(1))
        #expect(await first.value() == nil)
        _ = deadlines.begin(second, deadline: .seconds(2))
        await time.sleepers(atLeast: 1)
        time.advance(by: .seconds(1))
        #expect(await second.value() == nil)
    }

    @Test("After all were answered the next begins anew, and has its own time")
    func idle() async {
        let deadlines = deadlines()
        for end in 1...3 {
            let (answered, late) = (FirstAnswer<Answer?>(), FirstAnswer<Answer?>())
            deadlines.end(deadlines.begin(answered, deadline: .seconds(end)))
            let number = deadlines.begin(late, deadline: .seconds(end))
            await time.sleepers(atLeast: 1)
            time.advance(by: .seconds(1))
            #expect(await late.value() == nil)
            deadlines.end(number)
            #expect(!answered.isGiven)
        }
    }
}
