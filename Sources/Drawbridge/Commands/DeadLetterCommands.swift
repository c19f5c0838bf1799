import AdapterKit
import ArgumentParser
import Foundation
import Payments

struct DeadLettersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters", abstract: "Look at what waits for an operator, put it back, or end it.",
        subcommands: [List.self, Redrive.self, Discard.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List dead letters; --json shows attempts and history too.")

        @OptionGroup var options: AdminOptions
        @OptionGroup var page: PageOptions

        func run() async throws {
            try await options.run(show: WorkTable.text) { try await $0.get("/admin/dead-letters\(page.query)") }
        }
    }

    struct Discard: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "discard", abstract: "End a dead letter by your word.",
            discussion: "While a gateway may hold the money, say what you found out there: --outcome.")

        @OptionGroup var options: AdminOptions
        @Argument(help: "pay_… or pay_…/ref_….", transform: workID) var id: WorkID
        @Option(help: "Why, for the audit trail.") var reason: String
        @Option(help: "succeeded or failed: what became of it at the gateway.", transform: vouchedOutcome)
        var outcome: VouchedOutcome?
        @Option(help: "With succeeded: the gateway that holds the payment.") var gateway: String?

        func run() async throws {
            let body = JSON.present([
                ("reason", .string(reason)), ("outcome", outcome.map { .string($0.rawValue) }),
                ("gateway", gateway.map { .string($0) }),
            ])
            try await options.run(show: WorkTable.line) { try await $0.post("\(id.adminPath)/discard", body) }
        }
    }

    struct Redrive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "redrive", abstract: "Put dead letters back to where recovery goes on.",
            discussion: "--all takes what was dead when it began. Stopped, it prints the cursor to go on from with --after.")

        @OptionGroup var options: AdminOptions
        @Argument(help: "pay_… or pay_…/ref_….", transform: workID) var ids: [WorkID] = []
        @Flag(help: "All that are dead now.") var all = false
        @Option(help: "With --all: where an earlier run stopped.") var after: String?
        @Option(help: "Why, for the audit trail.") var reason: String?

        func validate() throws {
            guard all != !ids.isEmpty else { throw ValidationError("Give either ids or --all.") }
            guard all || after == nil else { throw ValidationError("--after goes with --all.") }
        }

        func run() async throws {
            let client = try AdminClient(options)
            let redriving = Redriving(client: client, reason: reason, interruption: Interruption())
            do {
                try await all ? redriving.everything(after: after) : redriving.only(ids)
                await client.close()
            } catch {
                await client.close()
                throw error
            }
        }
    }
}

extension WorkID {
    var adminPath: String { "/admin/dead-letters/\(description.percentEncoded)" }
}

/// Reads the id of a payment or of one of its operations from the command line.
private func workID(_ text: String) throws -> WorkID {
    guard let id = WorkID(text) else { throw ValidationError("An id is pay_… or pay_…/ref_…, with 26 characters after each _.") }
    return id
}

private func vouchedOutcome(_ text: String) throws -> VouchedOutcome {
    guard let outcome = VouchedOutcome(rawValue: text) else { throw ValidationError("--outcome must be succeeded or failed.") }
    return outcome
}
