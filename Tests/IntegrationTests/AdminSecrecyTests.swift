import AdapterKit
import Foundation
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("What the admin listener answers", .serialized, .timeLimit(.minutes(2)))
struct AdminSecrecyTests {
    private static let token = "4dmin-token-canary"

    /// Every secret of the configuration, as text and in base64, and what keys look like in files.
    private static var secrets: [String] {
        let texts = Setup.secrets + [token]
        return texts + texts.map { Data($0.utf8).base64EncodedString() } + ["PRIVATE KEY", "whsec_"]
    }

    @Test("holds no secret of the configuration, whatever is asked, and whatever went wrong before")
    func secrets() async throws {
        let setup = try Setup {
            $0.adminToken = Self.token
            $0.logLevel = "trace"
            $0.gatewayLines = [World.asksLater, "retry: { max_retries: 0 }"]
            $0.callbackServer = nil
        }
        try await World.telling(.redis, setup, answering: 410) { world, receiver in
            let paid = try await world.acme.pay()
            try world.bank.script(.cutAfter, for: .charge)
            let open = try await world.acme.pay()
            try world.bank.script(.callback(.wrongAmount), for: .charge)
            let doubtful = try await world.acme.pay()
            _ = try #require(await receiver.next())
            _ = try await world.acme.events(of: doubtful.id, until: "payment.manual_review")
            #expect(try await world.post("evt_malformed", Array("{".utf8)) == .answered(status: 400))
            #expect(
                try await world.post(World.event("evt_nobody", of: "pay_00000000000000000000000000")) == .answered(status: 204))
            var answers = try await Self.reads(world, [paid.id, open.id, doubtful.id])
            answers += try await Self.changes(world, doubtful.id)
            answers.append(try await world.gateway.ask("/metrics", token: "wrong-\(Self.token)"))
            #expect(answers.count { $0.status == 200 } > 12)
            for answer in answers {
                let text = answer.headers.fields.map { "\($0.name): \($0.value)" }.joined(separator: "\n") + answer.text
                for secret in Self.secrets { #expect(!text.contains(secret), "\(secret): \(text.prefix(200))") }
            }
        }
    }

    private static func reads(_ world: World, _ payments: [String]) async throws -> [Reply] {
        var answers: [Reply] = []
        let paths =
            [
                "/health", "/ready", "/metrics", "/admin/gateways", "/admin/queue", "/admin/dead-letters",
                "/admin/callbacks/unmatched", "/admin/callbacks/malformed", "/admin/callbacks/decided", "/admin/webhooks",
                "/admin/webhooks/acme/nobody/dead-letters", "/admin/nothing", "/admin/queue?limit=x",
            ] + payments.map { "/admin/audit?payment=\($0)" }
        for path in paths {
            let answer = try await world.gateway.ask(path, token: token)
            #expect([200, 404, 422, 400].contains(answer.status), "\(path) \(answer.status)")
            answers.append(answer)
        }
        let webhooks = try await world.gateway.ask("/admin/webhooks", token: token)
        for id in (webhooks["data"]?.elements ?? []).compactMap({ $0["id"]?.text }) {
            answers.append(try await world.gateway.ask("/admin/webhooks/acme/\(id)/dead-letters", token: token))
        }
        return answers
    }

    private static func changes(_ world: World, _ payment: String) async throws -> [Reply] {
        let reason = JSON.members([("reason", .string("looked at"))])
        let state = JSON.members([("state", .string("forced_open")), ("reason", .string("drill"))])
        return [
            try await world.gateway.tell("/admin/gateways/bank-a/breaker", state, token: token),
            try await world.gateway.tell("/admin/gateways/bank-z/breaker", state, token: token),
            try await world.gateway.tell("/admin/dead-letters/\(payment)/redrive", reason, token: token),
            try await world.gateway.tell("/admin/dead-letters/\(payment)/discard", .members([]), token: token),
            try await world.gateway.tell("/admin/callbacks/nothing/apply", reason, token: token),
        ]
    }
}
