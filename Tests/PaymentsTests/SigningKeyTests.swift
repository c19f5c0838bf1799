import AdapterKit
import Payments
import TestKit
import Testing

@Suite("The keys that sign", .timeLimit(.minutes(1)))
struct SigningKeyTests {
    private static func keys(_ keys: [(String, JSON)]...) -> [(String, JSON)] {
        [("keys", .array(keys.map { .members($0 + [("secret", .string("text"))]) }))]
    }

    @Test("without a key that is valid now nothing is sent: rejected, our configuration")
    func noKey() async throws {
        let world = try World(settings: Self.keys([("id", .string("k1")), ("not_before", .string("2099-01-01T00:00:00Z"))]))
        let answer = try await world.pay()
        #expect(answer.status == 201)
        #expect(answer.json["failure"]?["category"] == .string("configuration"))
        #expect(answer.json["attempts"]?.elements?.first?["outcome"] == .string("rejected"))
        #expect(world.bank.sent.isEmpty)
    }

    @Test("the newest key that is valid signs")
    func newest() async throws {
        let world = try World(
            settings: Self.keys(
                [("id", .string("old")), ("not_before", .string("2020-01-01T00:00:00Z"))],
                [("id", .string("new")), ("not_before", .string("2025-01-01T00:00:00Z"))],
                [("id", .string("next")), ("not_before", .string("2099-01-01T00:00:00Z"))]))
        world.bank.script(.charge("APPROVED"))
        #expect(try await world.pay().state == "succeeded")
        #expect(world.bank.sent[0].request.headers.single("X-Key-Id") == "new")
    }

    @Test("an unsigned answer is believed only where the settings say so")
    func unsignedAnswers() async throws {
        let body = Array(#"{"code":"05"}"#.utf8)
        for (settings, status) in [(World.usualKey + [("verify_responses", .bool(false))], 201), (World.usualKey, 202)] {
            let world = try World(settings: settings)
            world.bank.script(.unsigned(GatewayResponse(status: 422, body: body)), .silence)
            #expect(try await world.pay().status == status)
        }
    }
}
