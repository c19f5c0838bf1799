import AdapterKit
import CurlTransport
import Foundation
import Logging
import Metrics
import Payments
import UnixSignals

/// Reads the configuration again and lets the next generation begin: on SIGHUP from the file, and from what it said before when a
/// certificate, key or secret changes that it names. What is wrong is told, and the old generation stays.
struct Reloader: Sendable {
    enum Trigger: String, Sendable { case signal, file }

    /// Between two looks at the files.
    private static let interval = Duration.seconds(2)

    let composition: Composition
    let generations: Generations
    let listeners: ListenersTLS

    /// Until cancelled.
    func run() async {
        // One at a time: two occasions at once are two reloads in a row.
        let (occasions, occasion) = AsyncStream<Trigger>.makeStream(bufferingPolicy: .bufferingOldest(64))
        await withTaskGroup { group in
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sighup) { occasion.yield(.signal) }
            }
            group.addTask { [composition] in
                while (try? await composition.time.sleep(for: Self.interval)) != nil { occasion.yield(.file) }
            }
            var refused: [String: [UInt8]]?
            for await trigger in occasions {
                switch trigger {
                case .signal: await reload(.signal)
                case .file: refused = await look(after: refused)
                }
            }
            group.cancelAll()
        }
    }

    /// A file that is replaced while its certificate's key is not yet is refused once, and taken when both are there.
    /// - Parameter refused: what the files held when a reload was refused for it.
    /// - Returns: the same for the next look.
    private func look(after refused: [String: [UInt8]]?) async -> [String: [UInt8]]? {
        let files = generations.current.configuration.files
        // Not on the loop that payments run on: a revocation list may be long.
        let present = await Task(executorPreference: globalConcurrentExecutor) { files.present() }.value
        if present == files.read { return nil }
        guard present != refused else { return refused }
        return await reload(.file) == .refused ? present : nil
    }

    enum Result { case applied, refused, unavailable }

    @discardableResult
    func reload(_ trigger: Trigger) async -> Result {
        let result: Result
        do {
            let number = try await replace(trigger)
            composition.logger.notice(
                "configuration reloaded", metadata: ["trigger": "\(trigger.rawValue)", "generation": "\(number)"])
            result = .applied
        } catch {
            composition.logger.error(
                "configuration not reloaded, the old one stays",
                metadata: ["trigger": "\(trigger.rawValue)", "reason": "\(error)"])
            try? await note(
                "configuration.reload_refused", trigger, from: generations.current.configuration, to: nil, reason: "\(error)")
            result = error is StoreIsAway ? .unavailable : .refused
        }
        Counter(
            label: "drawbridge_reloads_total",
            dimensions: [("trigger", trigger.rawValue), ("result", result == .applied ? "applied" : "refused")]
        ).increment()
        return result
    }

    /// Not the configuration's fault: worth another try.
    private struct StoreIsAway: Error, CustomStringConvertible {
        let description: String
    }

    private func note(
        _ event: String, _ trigger: Trigger, from old: Configuration, to new: Configuration?, reason: String? = nil
    ) async throws {
        let entry = HistoryEntry.system(
            event, of: composition.breakers.replica, by: trigger.rawValue, from: old.digest, to: new?.digest, reason: reason,
            at: composition.time.now())
        do { try await composition.auditLog.append(entry, to: .configuration) } catch {
            throw StoreIsAway(description: "the audit trail could not be written: \(error.code.rawValue)")
        }
    }

    /// - Returns: which generation began.
    private func replace(_ trigger: Trigger) async throws -> Int {
        let old = generations.current
        let configuration = try read(trigger, after: old.configuration)
        try refuseRestart(configuration)
        try refuseOtherKeys(configuration.encryption, old.configuration.encryption)
        let next = try Generation(configuration, of: composition, after: old)
        try refuseProblems(of: next, after: old)
        let contexts = try ListenersTLS.Contexts(configuration)
        let keys = try Vault.keys(of: configuration.encryption)
        let abandoned = try await refuseAbandoning(old.gateways, next.gateways)
        let changed = configuration.files.changed(since: old.configuration.files)
        // Before it takes effect: no reload without its entry.
        try await note(
            trigger == .file ? "keys.reloaded" : "configuration.reloaded", trigger, from: old.configuration, to: configuration,
            reason: changed.isEmpty ? nil : "files: \(changed.joined(separator: ", "))")
        if let first = keys.first { composition.vault.adopt(first: first, others: Array(keys.dropFirst())) }
        composition.breakers.use(configuration.breakerSettings)
        composition.keySets.outdate()
        listeners.replace(by: contexts)
        let number = generations.replace(by: next)
        composition.transport.keepOnly(next.endpoints)
        await tellLeft(at: abandoned)
        return number
    }

    /// What took a payment just before the old generation ended may have sent it to a gateway that is gone now.
    private func tellLeft(at abandoned: [String]) async {
        guard !abandoned.isEmpty, let atWork = try? await composition.store.gatewaysAtWork() else { return }
        for gateway in abandoned where atWork.contains(gateway) {
            composition.logger.error(
                "a payment went to a gateway while it was removed; it waits for it as a dead letter",
                metadata: ["gateway": "\(gateway)"])
        }
    }

    private func read(_ trigger: Trigger, after old: Configuration) throws(ConfigurationProblems) -> Configuration {
        let environment = ProcessInfo.processInfo.environment
        switch trigger {
        case .signal: return try .load(path: old.file, environment: environment, adapters: .builtIn)
        case .file:
            return try .read(old.text, file: LocalFile(path: old.file), environment: environment, adapters: .builtIn)
        }
    }

    private func refuseRestart(_ configuration: Configuration) throws {
        let keys = configuration.needsRestart(after: composition.configuration)
        guard keys.isEmpty else {
            throw RuntimeFailure("\(keys.joined(separator: ", ")): changed, and only a start takes that in. Restart the program.")
        }
    }

    /// Everything that is sealed under a key stays closed once other bytes stand under its id.
    private func refuseOtherKeys(_ next: Configuration.Encryption, _ old: Configuration.Encryption) throws {
        let changed = next.keys.filter { key in old.keys.contains { $0.id == key.id && $0.key != key.key } }.map(\.id)
        guard changed.isEmpty else {
            throw RuntimeFailure(
                "encryption.keys: \(changed.joined(separator: ", ")): another key under an old id would open nothing of what is stored. Give it an id of its own, and keep the old one."
            )
        }
    }

    /// What was wrong before, or has expired since in a file that is still the same, is no reason to refuse the rest.
    private func refuseProblems(of next: Generation, after old: Generation) throws {
        let changed = next.configuration.files.changed(since: old.configuration.files)
        let before = old.configuration.unusable(at: composition.time.now())
        let problems = next.problems.filter { problem in
            guard !old.problems.contains(problem) else { return false }
            return !before.contains(problem) || changed.contains { problem.contains($0) }
        }
        guard problems.isEmpty else { throw RuntimeFailure(problems.joined(separator: "; ")) }
    }

    /// A gateway that payments are open at stays, and stays the same (R9).
    /// - Returns: those that go all the same.
    private func refuseAbandoning(_ old: [Payments.Gateway], _ next: [Payments.Gateway]) async throws -> [String] {
        let kept = Dictionary(next.map { ($0.name, $0.identity) }, uniquingKeysWith: { first, _ in first })
        let abandoned = old.filter { kept[$0.name] != $0.identity }.map(\.name)
        guard !abandoned.isEmpty else { return [] }
        let atWork: Set<String>
        do { atWork = try await composition.store.gatewaysAtWork() } catch {
            throw StoreIsAway(
                description:
                    "\(abandoned.joined(separator: ", ")): removed or another account's, and the state store does not say whether payments are open there"
            )
        }
        let open = abandoned.filter(atWork.contains)
        guard open.isEmpty else {
            throw RuntimeFailure(
                "\(open.joined(separator: ", ")): payments are open there, so it can be neither removed nor given another adapter, address or account"
            )
        }
        return abandoned
    }
}

extension Configuration {
    /// Of the file as it was read, in hexadecimal.
    var digest: String { AuditChain.digest(of: Array(text.utf8), in: .configuration) }
}
