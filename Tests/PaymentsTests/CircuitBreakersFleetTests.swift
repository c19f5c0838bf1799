import Payments
import Resilience
import TestKit
import Testing

@Suite("The circuit breakers of a fleet", .timeLimit(.minutes(1)))
struct CircuitBreakersFleetTests {
    @Test func `ask the store nothing while they are closed and clean`() async throws {
        try await BreakerFleet.with { fleet in
            await fleet.replicas[0].call(.success, times: 1_000)
            await fleet.replicas[0].call(.neutral, times: 1_000)
            await fleet.replicas[0].call(.failure)
            try await fleet.replicas[0].hears(\.isCounting)
            #expect(fleet.replicas[0].store.asked == ["failures 1"])
            #expect(fleet.replicas[1].store.asked.isEmpty)
        }
    }

    @Test func `report a success once where failures are counted, also another's failures`() async throws {
        try await BreakerFleet.with { fleet in
            await fleet.replicas[0].call(.failure)
            try await fleet.replicas[1].hears(\.isCounting)
            await fleet.replicas[1].call(.success, times: 100)
            try await fleet.replicas[1].hears { !$0.isCounting }
            #expect(fleet.replicas[1].store.asked == ["success"])
        }
    }

    @Test func `open for all when two replicas' calls fail in a row`() async throws {
        try await BreakerFleet.with(3) { fleet in
            try await fleet.open()
            for replica in fleet.replicas {
                #expect(replica.state == .open)
                #expect(await replica.permit() == .refused)
            }
            #expect(fleet.replicas[2].breakers.status(of: BreakerReplica.gateway)?.isShared == true)
        }
    }

    @Test func `open their own where only their own calls fail`() async throws {
        try await BreakerFleet.with { fleet in
            await fleet.replicas[0].call(.failure, times: 5)
            try await fleet.replicas[1].hears(\.isCounting)
            #expect(fleet.replicas[0].state == .open)
            #expect(fleet.replicas[0].breakers.status(of: BreakerReplica.gateway)?.isShared == false)
            await fleet.replicas[1].call(.success)
            try await fleet.replicas[0].hears { !$0.isCounting }
            #expect(fleet.replicas[0].state == .open)
            #expect(fleet.replicas[1].state == .closed)
        }
    }

    @Test func `open for all when two replicas trip by their rate`() async throws {
        let settings = CircuitBreaker.Settings(consecutiveFailures: 100, failureRate: 0.5, minimumCalls: 4)
        try await BreakerFleet.with(3, settings) { fleet in
            for replica in fleet.replicas.prefix(2) {
                for result in [CallResult.success, .failure, .success, .failure] { await replica.call(result) }
                #expect(replica.state == .open)
            }
            try await fleet.replicas[2].hears(.open)
            #expect(fleet.replicas[2].state == .open)
        }
    }

    @Test func `send one probe for the whole fleet, and close everywhere by it`() async throws {
        try await BreakerFleet.with(3) { fleet in
            try await fleet.open()
            fleet.time.advance(by: .seconds(60))
            let permits = await withTaskGroup { group in
                for replica in fleet.replicas { for _ in 0..<5 { group.addTask { (replica, await replica.permit()) } } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let probes = permits.filter { $0.1 != .refused }
            #expect(probes.count == 1)
            for replica in fleet.replicas { try await replica.hears(.halfOpen) }
            for (replica, probe) in probes { replica.record(probe, .success) }
            for replica in fleet.replicas {
                try await replica.hears(.closed)
                #expect(replica.state == .closed)
            }
        }
    }

    @Test func `open again everywhere when the probe fails`() async throws {
        try await BreakerFleet.with { fleet in
            try await fleet.open()
            fleet.time.advance(by: .seconds(60))
            await fleet.replicas[1].call(.failure)
            for replica in fleet.replicas {
                try await replica.hears { $0.state == .open && $0.generation == 2 }
                #expect(replica.refuses)
            }
        }
    }

    @Test func `do not believe a slow probe`() async throws {
        try await BreakerFleet.with(2, .init(slowCall: .seconds(2))) { fleet in
            try await fleet.open()
            fleet.time.advance(by: .seconds(60))
            await fleet.replicas[0].call(.success, after: .seconds(2))
            try await fleet.replicas[1].hears { $0.state == .open && $0.generation == 2 }
            #expect(fleet.replicas[0].store.asked.last == "end failure")
        }
    }

    @Test func `probe again when the replica that probed is gone`() async throws {
        try await BreakerFleet.with { fleet in
            try await fleet.open()
            fleet.time.advance(by: .seconds(60))
            let lost = await fleet.replicas[0].permit()
            try await fleet.replicas[1].hears(.halfOpen)
            #expect(await fleet.replicas[1].permit() == .refused)
            fleet.time.advance(by: .seconds(10))
            await fleet.replicas[1].call(.success)
            try await fleet.replicas[0].hears(.closed)
            fleet.replicas[0].record(lost, .failure)
            await fleet.replicas[0].call(.failure)
            try await fleet.replicas[0].hears { $0.state == .closed && $0.isCounting }
            #expect(fleet.replicas[0].state == .closed)
        }
    }

    // MARK: Without the store

    @Test func `go on with their own view when the store is gone`() async throws {
        try await BreakerFleet.with { fleet in
            let replica = fleet.replicas[0]
            replica.store.setAway(true)
            await replica.call(.failure, times: 5)
            #expect(replica.state == .open)
            fleet.time.advance(by: .seconds(60))
            await replica.call(.success)
            #expect(replica.state == .closed)
            #expect(fleet.replicas[1].state == .closed)
        }
    }

    @Test func `keep the fleet's open breaker until its time without the store, and probe by themselves then`() async throws {
        try await BreakerFleet.with { fleet in
            try await fleet.open()
            for replica in fleet.replicas { replica.store.setAway(true) }
            fleet.time.advance(by: .milliseconds(59_999))
            for replica in fleet.replicas { #expect(replica.refuses) }
            fleet.time.advance(by: .milliseconds(1))
            await fleet.replicas[0].call(.success)
            #expect(fleet.replicas[0].state == .closed)
            await fleet.replicas[1].call(.failure)
            #expect(fleet.replicas[1].state == .open)
        }
    }

    @Test func `believe their own probe when the store goes while it is under way`() async throws {
        try await BreakerFleet.with { fleet in
            try await fleet.open()
            fleet.time.advance(by: .seconds(60))
            let replica = fleet.replicas[0]
            let probe = await replica.permit()
            replica.store.setAway(true)
            replica.record(probe, .success)
            await replica.store.failed.passed()
            // The report was given up, and the pause after it has begun.
            await fleet.time.sleepers(atLeast: 1)
            #expect(replica.state == .closed)
        }
    }

    @Test func `change no result and keep nothing back when a report fails`() async throws {
        try await BreakerFleet.with { fleet in
            let replica = fleet.replicas[0]
            replica.store.setAway(true)
            await replica.call(.failure)
            await fleet.time.sleepers(atLeast: 1)
            replica.store.setAway(false)
            fleet.time.advance(by: .seconds(1))
            await replica.call(.success)
            await replica.call(.failure)
            try await replica.hears(\.isCounting)
            #expect(replica.state == .closed)
            #expect(replica.log.lines.count { $0.contains("cannot report") } == 1)
        }
    }

    // MARK: Forced

    @Test func `are forced everywhere, also where one starts later`() async throws {
        try await BreakerFleet.with { fleet in
            try await fleet.replicas[0].breakers.force(
                BreakerReplica.gateway, .forcedOpen, reason: "maintenance", actor: "ops", limit: .seconds(300))
            #expect(fleet.replicas[0].state == .forcedOpen)
            try await fleet.replicas[1].hears(.forcedOpen)
            fleet.time.advance(by: .seconds(100))
            let late = BreakerReplica("late", settings: .init(), store: fleet.store, time: fleet.time)
            let running = Task { await late.breakers.run() }
            try await late.hears(.forcedOpen)
            let status = try #require(late.breakers.status(of: BreakerReplica.gateway))
            #expect(status.remaining == .seconds(200))
            #expect(status.reason == "maintenance")
            #expect(status.actor == "ops")
            running.cancel()
            await running.value
        }
    }

    @Test func `close everywhere by an operator, also what one had opened by itself`() async throws {
        try await BreakerFleet.with { fleet in
            await fleet.replicas[0].call(.failure, times: 5)
            try await fleet.replicas[1].breakers.force(
                BreakerReplica.gateway, .closed, reason: "path mended", actor: "ops", limit: nil)
            try await fleet.replicas[0].hears { $0.generation > 0 }
            #expect(fleet.replicas[0].state == .closed)
        }
    }

    @Test func `say so when the store did not force, and change nothing`() async throws {
        try await BreakerFleet.with { fleet in
            fleet.replicas[0].store.setAway(true)
            await #expect(throws: StoreFailure.self) {
                try await fleet.replicas[0].breakers.force(
                    BreakerReplica.gateway, .forcedOpen, reason: "r", actor: "o", limit: nil)
            }
            #expect(fleet.replicas[0].state == .closed)
        }
    }
}
