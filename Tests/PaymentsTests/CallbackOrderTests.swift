import AdapterKit
import TestKit
import Testing

@testable import Payments

@Suite("A story is the same in whatever order it is told (P3, S)", .timeLimit(.minutes(3)))
struct CallbackOrderTests {
    struct Message: Sendable, CustomStringConvertible {
        let status: String
        let gateway: String
        let event: String

        init(_ status: String, at gateway: String = "bank-a", event: String) {
            (self.status, self.gateway, self.event) = (status, gateway, event)
        }

        var description: String { "\(gateway) \(status) (\(event))" }
    }

    struct Story: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// What happens before the first callback comes.
        let opening: @Sendable (World) async throws -> Void
        let messages: [Message]
        /// Who holds the payment in the end.
        let gateway: String
    }

    private static let oneBank = [
        Message("PENDING", event: "1"), Message("ACTION_REQUIRED", event: "2"), Message("AUTHORIZED", event: "3"),
        Message("APPROVED", event: "4"), Message("APPROVED", event: "5"), Message("PENDING", event: "6"),
    ]
    private static let twoBanks = [
        Message("DECLINED", at: "bank-a", event: "1"), Message("PENDING", at: "bank-a", event: "2"),
        Message("PENDING", at: "bank-b", event: "3"), Message("AUTHORIZED", at: "bank-b", event: "4"),
        Message("APPROVED", at: "bank-b", event: "5"), Message("APPROVED", at: "bank-b", event: "5"),
    ]

    static let stories = [
        Story(
            testDescription: "an outcome that was unknown",
            opening: { world in
                world.bank.script(.lost, .silence)
                _ = try await world.pay()
            }, messages: oneBank, gateway: "bank-a"),
        Story(
            testDescription: "an authorisation that was unknown",
            opening: { world in
                world.bank.script(.lost, .silence)
                _ = try await world.pay(.authorization)
            }, messages: oneBank, gateway: "bank-a"),
        Story(
            testDescription: "a failover from a bank that had not taken it",
            opening: { world in
                world.bank.script(.notTaken, .lost, .silence)
                _ = try await world.pay()
            }, messages: twoBanks, gateway: "bank-b"),
        Story(
            testDescription: "a failover from a bank that was proved to hold nothing",
            opening: { world in
                let clock = world.time
                world.bank.script(
                    FakeTransport.Step.lost.after { _ in clock.advance(by: World.attempt) }, .notFound, .notFound, .lost, .silence
                )
                let answer = Task { try await world.pay() }
                await world.pause(of: .seconds(2))
                _ = try await answer.value
            }, messages: twoBanks, gateway: "bank-b"),
    ]

    @Test("all 720 orders of its six messages leave the payment in the same state", arguments: stories)
    func orders(story: Story) async throws {
        var first: (order: [Message], state: PaymentRecord)?
        for order in Self.permutations(of: story.messages) {
            let state = try await self.end(of: story, told: order)
            try #require(state.status == .succeeded, "\(order)")
            try #require(state.gateway == story.gateway, "\(order)")
            try #require(first.map { $0.state == state } ?? true, "\(order) ends otherwise than \(first?.order ?? [])")
            first = first ?? (order, state)
        }
    }

    @Test("of two stories that differ in one message, the end differs")
    func differs() async throws {
        let story = Self.stories[0]
        var declined = story.messages
        declined[3] = Message("DECLINED", event: "4")
        declined[4] = Message("DECLINED", event: "5")
        let other = try await end(of: story, told: [declined[3], declined[5]])
        #expect(other.status == .failed)
        #expect(try await end(of: story, told: story.messages) != other)
    }

    /// Without what only says how often and when it was changed.
    private func end(of story: Story, told order: [Message]) async throws -> PaymentRecord {
        let world = try World(route: ["bank-a", "bank-b"])
        try await story.opening(world)
        try #require(try await world.record().processingReason == .outcomeUnknown)
        try #require(try await world.record().gateway == story.gateway)
        for message in order {
            world.time.advance(by: .seconds(1))
            let news = try world.news(message.status) {
                $0.eventID = "evt_\(message.event)"
                $0.bankReference = "of \(message.gateway)"
            }
            try #require(try await world.post(news, at: message.gateway) == .received, "\(order)")
        }
        await world.inFlight.idle()
        try #require(try await world.kept().isEmpty)
        try #require(try await world.told("payment.succeeded") <= 1, "\(order)")
        var record = try await world.record()
        record.version = 0
        record.updatedAt = record.createdAt
        record.schedule = nil
        // Encrypted anew, each time under another nonce.
        record.sealed = []
        return record
    }

    private static func permutations(of messages: [Message]) -> [[Message]] {
        guard messages.count > 1 else { return [messages] }
        return messages.indices.flatMap { index in
            var rest = messages
            let first = rest.remove(at: index)
            return permutations(of: rest).map { [first] + $0 }
        }
    }
}
