import AdapterKit
import TestKit
import Testing

@testable import Payments

@Suite("What operators see and do of webhooks", .timeLimit(.minutes(1)))
struct WebhookReviewTests {
    private let world: WebhookWorld

    init() throws { world = try WebhookWorld() }

    private var name: String { world.endpoint.id.name }
    private static let all = JSON.members([])

    private func shown() async throws -> JSON {
        let data = try #require(try await world.review.listed()["data"]?.elements)
        try #require(data.count == 2)
        return try #require(data.first { $0["tenant"]?.text == "acme" })
    }

    private func dead(_ count: Int = 1) async throws -> [String] {
        try await world.pay(count)
        try await world.relay()
        for _ in 0..<count { world.receiver.script(.status(410)) }
        try await world.pass()
        return try await world.deadLetters().map(\.event.id.text)
    }

    private func expectProblem(_ code: Problem.Code, _ body: () async throws -> JSON) async {
        do {
            let json = try await body()
            Issue.record("\(json)")
        } catch { #expect((error as? Problem)?.code == code) }
    }

    @Test("an endpoint that was never tried")
    func fresh() async throws {
        let shown = try await shown()
        #expect(shown["url"] == .string("https://hooks.acme.test/acme"))
        #expect(shown["id"] == .string(name))
        #expect(name.hasPrefix("we_") && name.count == 19)
        #expect(shown["events"] == .string("all"))
        #expect(shown["state"] == .string("ok"))
        for member in ["disabled", "last_attempt_at", "last_success_at", "last_error", "last_status"] {
            #expect(shown[member] == .null, "\(member)")
        }
        for member in ["pending", "dead_letters"] { #expect(shown[member] == .integer(0)) }
    }

    @Test("one that fails shows the error, the status and what waits; once it works the error is gone")
    func failing() async throws {
        try await world.pay(2)
        world.receiver.script(.status(500), .status(418))
        try await world.pass(width: 1)
        try await world.pass(width: 1)
        var shown = try await shown()
        #expect(shown["state"] == .string("failing"))
        #expect(shown["last_error"] == .string("refused"))
        #expect(shown["last_status"] == .integer(418))
        #expect(shown["last_attempt_at"] == .string(world.world.time.now().rfc3339))
        #expect(shown["last_success_at"] == .null)
        #expect(shown["pending"] == .integer(2))
        world.world.time.advance(by: .seconds(6))
        world.receiver.script(.status(200), .status(204))
        try await world.pass(width: 1)
        try await world.pass(width: 1)
        shown = try await self.shown()
        #expect(shown["state"] == .string("ok"))
        #expect(shown["last_error"] == .null)
        #expect(shown["last_status"] == .integer(204))
        #expect(shown["last_success_at"] == .string(world.world.time.now().rfc3339))
        #expect(shown["pending"] == .integer(0))
    }

    @Test("one that is gone is disabled until an operator enables it, who is named in the log")
    func disabled() async throws {
        _ = try await dead()
        var shown = try await shown()
        #expect(shown["state"] == .string("disabled"))
        #expect(shown["disabled"] == .string("gone"))
        #expect(shown["dead_letters"] == .integer(1))
        #expect(shown["last_status"] == .integer(410))
        shown = try await world.review.enable("acme", name, try EnableWebhooksOrder(.members([])), by: "ana")
        #expect(shown["disabled"] == .null)
        #expect(shown["tenant"] == .string("acme"))
        #expect(world.world.log.lines.contains { $0.contains("webhook endpoint enabled") && $0.contains("ana") })
    }

    @Test("dead letters say what would have been told, why not and since when, page by page")
    func deadLetters() async throws {
        let ids = try await dead(3)
        try #require(ids.count == 3)
        let page = try await world.review.deadLetters("acme", name, after: nil, limit: 2)
        let letters = try #require(page["data"]?.elements)
        #expect(letters.map { $0["event"]?.text } == Array(ids[..<2]))
        #expect(page["next"] == .string(ids[1]))
        let letter = letters[0]
        #expect(letter["type"] == .string("payment.succeeded"))
        #expect(letter["object"] == .string(try world.world.id("key-1").text))
        #expect(letter["version"] == .integer(Int64(try await world.world.record("key-1").version)))
        #expect(letter["tries"] == .integer(1))
        #expect(letter["error"] == .string("gone"))
        #expect(letter["at"] == .string(world.world.time.now().rfc3339))
        let rest = try await world.review.deadLetters("acme", name, after: ids[1], limit: 2)
        #expect(rest["data"]?.elements?.map { $0["event"]?.text } == [ids[2]])
        #expect(rest["next"] == .null)
    }

    @Test("one or all are redriven; who did it is in the log")
    func redriven() async throws {
        let ids = try await dead(3)
        let one = try RedriveWebhooksOrder(.members([("event", .string(ids[1]))]))
        #expect(try await world.review.redrive("acme", name, one, by: "ana")["redriven"] == .integer(1))
        await expectProblem(.notFound) { try await world.review.redrive("acme", name, one, by: "ana") }
        let rest = try RedriveWebhooksOrder(Self.all)
        #expect(try await world.review.redrive("acme", name, rest, by: "ana")["redriven"] == .integer(2))
        #expect(try await world.review.redrive("acme", name, rest, by: "ana")["redriven"] == .integer(0))
        #expect(world.world.log.lines.contains { $0.contains("webhooks redriven") && $0.contains("ana") })
    }

    @Test(
        "an endpoint that is not this tenant's is not found",
        arguments: [("globex", "we_0000000000000000"), ("acme", ""), ("acme", "we_"), ("nobody", "we_0000000000000000")])
    func unknown(tenant: String, name: String) async throws {
        let order = try RedriveWebhooksOrder(Self.all)
        await expectProblem(.notFound) {
            try await world.review.enable(tenant, name, try EnableWebhooksOrder(.members([])), by: "ana")
        }
        await expectProblem(.notFound) { try await world.review.redrive(tenant, name, order, by: "ana") }
        await expectProblem(.notFound) { try await world.review.deadLetters(tenant, name, after: nil, limit: 1) }
        await expectProblem(.notFound) {
            try await world.review.enable("globex", world.endpoint.id.name, try EnableWebhooksOrder(.members([])), by: "ana")
        }
    }

    @Test("a cursor that is none is refused", arguments: ["", "x", "evt_", "evt_01-0", "pay_1"])
    func badCursor(_ cursor: String) async throws {
        await expectProblem(.validationFailed) { try await world.review.deadLetters("acme", name, after: cursor, limit: 1) }
    }
}
