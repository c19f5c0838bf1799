import AdapterKit
import Foundation
import Glibc
import ProcessKit
import TestKit
import Testing

@Suite("The audit trail, by the real program", .serialized, .timeLimit(.minutes(3)))
struct AuditTests {
    /// Where Redis has the trail of a payment.
    private func key(_ payment: String) -> String { "db:{\(payment.dropFirst(4).prefix(2))}:a:\(payment)" }

    private func redis(_ words: String...) async throws -> String { try await #require(RedisServer.current).command(words) }

    private func folder() throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("audit-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    private func files(_ folder: String) -> [String] {
        (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(".json") }
            .sorted()
    }

    @Test("a payment's trail says who asked, what came of it and what was captured, and verifies", arguments: StoreKind.allCases)
    func told(store: StoreKind) async throws {
        try await World.with(store) { world in
            let paid = try await world.acme.pay()
            let refund = try await world.acme.refund(paid.id, 300)
            #expect(refund.status == 201)
            let answer = try await world.json("audit", paid.id)
            let entries = answer["data"]?.elements ?? []
            #expect(
                entries.map { $0["event"]?.text } == [
                    "payment.created", "payment.succeeded", "refund.requested", "refund.succeeded",
                ])
            #expect(entries.first?["actor"]?.text?.hasPrefix("acme/") == true)
            #expect(entries.first?["number"]?.integer == 1)
            #expect(entries[1]["captured"]?["from"]?.integer == 0)
            #expect(entries[3]["refunded"]?["to"]?.integer == 300)
            #expect(answer["head"]?["link"] == entries.last?["link"])
            let verified = try await world.command("audit", "verify")
            #expect(verified.code == 0, "\(verified.errors)")
            #expect(verified.output.hasPrefix("2 trails, 5 entries"))
            #expect(try await world.json("audit", "verify", "--payment", paid.id)["entries"]?.integer == 4)
        }
    }

    @Test("what is changed, dropped or swapped by hand in Redis is named, and verify ends with 1")
    func tampered() async throws {
        try await World.with(.redis) { world in
            let (changed, dropped, swapped, erased) = (
                try await world.acme.pay(), try await world.acme.pay(), try await world.acme.pay(), try await world.acme.pay()
            )
            #expect(try await world.command("audit", "verify").code == 0)
            let text = try await redis("HGET", key(changed.id), "2")
            _ = try await redis("HSET", key(changed.id), "2", text.replacing("succeeded", with: "failed"))
            _ = try await redis("HDEL", key(dropped.id), "2")
            let (one, two) = (try await redis("HGET", key(swapped.id), "1"), try await redis("HGET", key(swapped.id), "2"))
            _ = try await redis("HSET", key(swapped.id), "1", two, "2", one)
            _ = try await redis("DEL", key(erased.id))
            let run = try await world.command("audit", "verify")
            #expect(run.code == 1)
            #expect(run.errors.contains("\(changed.id): entry 2 was changed"))
            #expect(run.errors.contains("\(dropped.id): entry 2 was dropped"))
            #expect(run.errors.contains("\(swapped.id): entry 1 was reordered"))
            #expect(run.errors.contains("\(erased.id): the trail is missing"))
            let json = try await world.json("audit", "verify", "--payment", dropped.id)
            #expect(json["faults"]?.elements?.first?["fault"]?.text == "dropped")
            #expect(json["faults"]?.elements?.first?["number"]?.integer == 2)
            // What goes on is not hidden by what comes later.
            _ = try await world.acme.refund(dropped.id)
            #expect(try await world.command("audit", "verify", "--payment", dropped.id).errors.contains("entry 2 was dropped"))
        }
    }

    @Test("an export is a file of each payment by its day, verifies offline, and a changed file is named")
    func export() async throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await World.with(.redis) { world in
            let (paid, other) = (try await world.acme.pay(), try await world.acme.pay())
            let run = try await world.command("audit", "export", "--to", folder)
            #expect(run.code == 0, "\(run.errors)")
            #expect(run.output.contains("3 files written"))
            let files = files(folder)
            #expect(files.contains { $0.wholeMatch(of: /[0-9]{4}\/[0-9]{2}\/[0-9]{2}\/pay_[0-9a-z]{26}\.json/) != nil })
            #expect(files.contains("subjects/configuration.json"))
            #expect(files.count == 3)
            let mode = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(files[0])")[.posixPermissions] as? Int
            #expect(mode == 0o600)
            // Nothing has changed since, then one has.
            #expect(try await world.command("audit", "export", "--to", folder).output.contains("0 files written"))
            _ = try await world.acme.refund(paid.id)
            #expect(try await world.command("audit", "export", "--to", folder).output.contains("1 files written"))
            #expect(
                try await world.command("audit", "export", "--to", folder, "--since", "2099-01-01").output.hasPrefix("0 trails"))

            let verified = try await RunningProgram.run("audit", "verify", "--files", folder)
            #expect(verified.code == 0, "\(verified.errors)")
            #expect(verified.output.hasPrefix("3 trails"))
            let file = "\(folder)/\(try #require(files.first { $0.contains(other.id) }))"
            let whole = try String(contentsOfFile: file, encoding: .utf8)
            try whole.replacing("acme", with: "evil").write(toFile: file, atomically: true, encoding: .utf8)
            let changed = try await RunningProgram.run("audit", "verify", "--files", folder)
            #expect(changed.code == 1)
            #expect(changed.errors.contains("\(other.id): entry 1 was changed"))
            // An export does not paint it over.
            let again = try await world.command("audit", "export", "--to", folder)
            #expect(again.code == 1)
            #expect(again.errors.contains("\(other.id): entry 1 was changed"))
            try whole.write(toFile: file, atomically: true, encoding: .utf8)
            // A trail that was begun anew in Redis does not continue what was exported.
            _ = try await redis("DEL", key(other.id))
            let erased = try await world.command("audit", "export", "--to", folder)
            #expect(erased.code == 1)
            #expect(try String(contentsOfFile: file, encoding: .utf8) == whole)
        }
    }

    @Test("what operators do to gateways is there with who and why, and no card number", arguments: StoreKind.allCases)
    func operators(store: StoreKind) async throws {
        try await World.with(store) { world in
            let words = ["breaker", "bank-a", "open", "--reason", "seen 4111 1111 1111 1111"]
            #expect(try await world.command(words).code == 0)
            let answer = try await world.json("audit", "--gateway", "bank-a")
            let entry = try #require(answer["data"]?.elements?.first)
            #expect(entry["event"]?.text == "breaker.forced_open")
            #expect(entry["actor"]?.text == "ann")
            #expect(entry["reason"]?.text == "seen <masked>")
            #expect(entry["from"]?.text == "closed")
            let life = try await world.json("audit", "--configuration")
            #expect(life["data"]?.elements?.first?["event"]?.text == "replica.started")
            #expect(life["data"]?.elements?.first?["to"]?.text?.utf8.count == 64)
            #expect(try await world.command("audit", "verify").code == 0)
        }
    }

    @Test("what operators do to webhook endpoints is there with who and why", arguments: StoreKind.allCases)
    func webhooks(store: StoreKind) async throws {
        try await World.telling(store, answering: 410) { world, receiver in
            _ = try await world.acme.pay()
            let endpoint = try await world.endpointReaches { $0["dead_letters"]?.integer == 1 && $0["disabled"] != .null }
            let id = try #require(endpoint["id"]?.text)
            receiver.answer(200)
            #expect(try await world.command("webhooks", "enable", "acme", id, "--reason", "they are back").code == 0)
            #expect(
                try await world.command("webhooks", "redrive", "acme", id, "--all", "--reason", "again").output == "1 redriven")
            #expect(try await world.command("webhooks", "redrive", "acme", id, "--all").output == "0 redriven")
            let entries = try await world.json("audit", "--tenant", "acme")["data"]?.elements ?? []
            #expect(entries.map { $0["event"]?.text } == ["webhooks.enabled", "webhooks.redriven"])
            #expect(entries.map { $0["actor"]?.text } == ["ann", "ann"])
            #expect(entries.map { $0["reason"]?.text } == ["they are back", "again"])
            #expect(entries.first?["from"]?.text?.hasPrefix("disabled: ") == true)
            #expect(try await world.command("audit", "verify").code == 0)
        }
    }

    @Test("a query names exactly one trail")
    func queries() async throws {
        try await World.with { world in
            let paid = try await world.acme.pay()
            for query in [
                "", "?payment=\(paid.id)&gateway=bank-a", "?gateway=bank-a&tenant=acme", "?subject=everything", "?gateway=a%2Fb",
                "?payment=configuration", "?payment=\(paid.id)&limit=2", "?tenant=acme&after=-1", "?gateway=bank-a&limit=0",
                "?colour=red",
            ] {
                #expect(try await world.gateway.ask("/admin/audit\(query)").code == "validation_failed", "\(query)")
            }
            #expect(try await world.gateway.ask("/admin/audit?payment=pay_00000000000000000000000000").code == "not_found")
            #expect(try await world.gateway.ask("/admin/audit/subjects?after=%20").code == "validation_failed")
            #expect(try await world.gateway.ask("/admin/audit?gateway=bank-z").status == 200)
        }
    }

    @Test(
        "says how it is used, and ends with 2",
        arguments: [
            ["audit"], ["audit", "pay_1"], ["audit", "--gateway", "a", "--tenant", "b"],
            ["audit", "--configuration", "--limit", "0"],
            ["audit", "pay_00000000000000000000000000", "--limit", "5"], ["audit", "verify", "--payment", "x"],
            ["audit", "export"],
            ["audit", "export", "--to", "x", "--since", "yesterday"], ["audit", "export", "--to", "x", "--since", "2026-02-30"],
        ])
    func usage(arguments: [String]) async throws {
        let run = try RunningProgram(arguments)
        #expect(await run.ended() == 2)
        #expect(!run.errors.text.isEmpty)
    }

    @Test("ends with 1 where there is nothing to verify, or nobody answers")
    func nothing() async throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(try await RunningProgram.run("audit", "verify", "--files", folder).code == 1)
        #expect(try await RunningProgram.run("audit", "verify", "--admin", "http://127.0.0.1:1").code == 1)
        try "{}".write(toFile: "\(folder)/pay_00000000000000000000000000.json", atomically: true, encoding: .utf8)
        let strange = try await RunningProgram.run("audit", "verify", "--files", folder)
        #expect(strange.code == 1)
        #expect(strange.errors.contains("pay_00000000000000000000000000.json"))
    }

    @Test(
        "a reload is there with what asked for it, applied or refused, and what the configuration was",
        arguments: StoreKind.allCases)
    func reload(store: StoreKind) async throws {
        try await World.with(store) { world in
            world.gateway.program.signal(SIGHUP)
            #expect(await world.gateway.logs("configuration reloaded", "signal"))
            let text = try String(contentsOfFile: world.configuration, encoding: .utf8)
            try (text + "colour: red\n").write(toFile: world.configuration, atomically: true, encoding: .utf8)
            world.gateway.program.signal(SIGHUP)
            #expect(await world.gateway.logs("configuration not reloaded", "colour"))
            var entries: [JSON] = []
            // The entry of a refusal follows its line in the log.
            for _ in 0..<50 where entries.count < 3 {
                entries = try await world.json("audit", "--configuration")["data"]?.elements ?? []
            }
            #expect(
                entries.map { $0["event"]?.text } == [
                    "replica.started", "configuration.reloaded", "configuration.reload_refused",
                ])
            #expect(entries.last?["actor"]?.text == "signal")
            #expect(entries.last?["reason"]?.text?.contains("colour") == true)
            #expect(entries[1]["from"] == entries[0]["to"] && entries[1]["to"] == entries[0]["to"])
            #expect(try await world.command("audit", "verify").code == 0)
        }
    }

    @Test("a replica's start and stop are in the trail of the configuration")
    func life() async throws {
        try await World.with(.redis) { world in
            try await RunningGateway.with(world.replica) { other in
                other.terminate()
                _ = await other.program.ended()
            }
            let entries = try await world.json("audit", "--configuration")["data"]?.elements ?? []
            let events = entries.compactMap { $0["event"]?.text }
            #expect(events.count { $0 == "replica.started" } == 2)
            #expect(events.last == "replica.stopped")
            #expect(try await world.command("audit", "verify").code == 0)
        }
    }
}
