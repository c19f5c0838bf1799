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
        // One at a time: two triggers at once are two reloads in a row.
        let (triggers, trigger) = AsyncStream<Trigger>.makeStream(bufferingPolicy: .bufferingNewest(4))
        await withTaskGroup { group in
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sighup) { trigger.yield(.signal) }
            }
            group.addTask { await watch(trigger) }
            for await trigger in triggers { await reload(trigger) }
            group.cancelAll()
        }
    }

    /// A file that is replaced while its certificate's key is not yet is refused once, and taken when both are there.
    private func watch(_ trigger: AsyncStream<Trigger>.Continuation) async {
        var files = generations.current.configuration.files
        var seen = files.digests()
        while (try? await composition.time.sleep(for: Self.interval)) != nil {
            let current = generations.current.configuration.files
            let digests = current.digests()
            if current == files, digests != seen { trigger.yield(.file) }
            files = current
            seen = digests
        }
    }

    func reload(_ trigger: Trigger) async {
        let labels = [("trigger", trigger.rawValue)]
        do {
            let number = try await replace(trigger)
            Counter(label: "drawbridge_reloads_total", dimensions: labels + [("result", "applied")]).increment()
            composition.logger.notice(
                "configuration reloaded", metadata: ["trigger": "\(trigger.rawValue)", "generation": "\(number)"])
        } catch {
            Counter(label: "drawbridge_reloads_total", dimensions: labels + [("result", "refused")]).increment()
            composition.logger.error(
                "configuration not reloaded, the old one stays",
                metadata: ["trigger": "\(trigger.rawValue)", "reason": "\(error)"])
            try? await note(
                "configuration.reload_refused", trigger, from: generations.current.configuration, to: nil, reason: "\(error)")
        }
    }

    private func note(
        _ event: String, _ trigger: Trigger, from old: Configuration, to new: Configuration?, reason: String? = nil
    ) async throws {
        let entry = HistoryEntry.system(
            event, of: composition.breakers.replica, by: trigger.rawValue, from: old.digest, to: new?.digest, reason: reason,
            at: composition.time.now())
        do { try await composition.auditLog.append(entry, to: .configuration) } catch {
            throw RuntimeFailure("The audit trail could not be written: \(error.code.rawValue).")
        }
    }

    /// - Returns: which generation began.
    private func replace(_ trigger: Trigger) async throws -> Int {
        let old = generations.current
        let configuration = try read(trigger, after: old.configuration)
        try refuseRestart(configuration)
        let next = try Generation(configuration, of: composition, after: old)
        try refuseProblems(of: next, after: old)
        try await refuseAbandoning(old.gateways, next.gateways)
        let contexts = try ListenersTLS.Contexts(configuration)
        let keys = try Vault.keys(of: configuration.encryption)
        // Before it takes effect: no reload without its entry.
        try await note(
            trigger == .file ? "keys.reloaded" : "configuration.reloaded", trigger, from: old.configuration, to: configuration)
        if let first = keys.first { composition.vault.adopt(first: first, others: Array(keys.dropFirst())) }
        composition.breakers.use(configuration.breakerSettings)
        listeners.replace(by: contexts)
        let number = generations.replace(by: next)
        composition.transport.keepOnly(next.endpoints)
        return number
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

    /// What was wrong before is no reason to refuse the rest.
    private func refuseProblems(of next: Generation, after old: Generation) throws {
        let problems = next.problems.filter { !old.problems.contains($0) }
        guard problems.isEmpty else { throw RuntimeFailure(problems.joined(separator: "; ")) }
    }

    /// A gateway that payments are open at stays, and stays the same (R9).
    private func refuseAbandoning(_ old: [Payments.Gateway], _ next: [Payments.Gateway]) async throws {
        let kept = Dictionary(next.map { ($0.name, $0.identity) }, uniquingKeysWith: { first, _ in first })
        let abandoned = old.filter { kept[$0.name] != $0.identity }.map(\.name)
        guard !abandoned.isEmpty else { return }
        let atWork: Set<String>
        do { atWork = try await composition.store.gatewaysAtWork() } catch {
            throw RuntimeFailure(
                "\(abandoned.joined(separator: ", ")): removed or another account's, and the state store does not say whether payments are open there"
            )
        }
        let open = abandoned.filter(atWork.contains)
        guard open.isEmpty else {
            throw RuntimeFailure(
                "\(open.joined(separator: ", ")): payments are open there, so it can be neither removed nor given another adapter, address or account"
            )
        }
    }
}

extension Configuration {
    /// Of the file as it was read, in hexadecimal.
    var digest: String { AuditChain.digest(of: Array(text.utf8), in: .configuration) }
}
