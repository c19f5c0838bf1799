import AdapterKit
import ArgumentParser
import Foundation
import Payments

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "What happened, and whether what was written of it is still as it was.",
        subcommands: [Show.self, Verify.self, Export.self], defaultSubcommand: Show.self)

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "What happened to a payment, a gateway, a tenant or the configuration, oldest first.")

        @OptionGroup var options: AdminOptions
        @Argument(help: "The payment's id, pay_….", transform: paymentID) var payment: PaymentID?
        @Option(help: "What operators did to this gateway.") var gateway: String?
        @Option(help: "What operators did to this tenant's webhooks.") var tenant: String?
        @Flag(help: "Starts, stops and reloads.") var configuration = false
        @Option(help: "Not with a payment: at most so many, 1 to 100.") var limit: Int?
        @Option(help: "Not with a payment: behind the entry of this number.") var after: Int?

        func validate() throws {
            let named = [payment != nil, gateway != nil, tenant != nil, configuration].count { $0 }
            guard named == 1 else { throw ValidationError("Give either a payment, --gateway, --tenant or --configuration.") }
            guard payment == nil || (limit == nil && after == nil) else {
                throw ValidationError("A payment's trail is shown whole: --limit and --after go with the others.")
            }
            guard limit.map((1...100).contains) ?? true else { throw ValidationError("--limit must be from 1 to 100.") }
        }

        func run() async throws {
            let page = [limit.map { "&limit=\($0)" }, after.map { "&after=\($0)" }].compactMap(\.self).joined()
            try await options.run(show: Self.text) { try await $0.get("/admin/audit?\(query)\(page)") }
        }

        private var query: String {
            if let payment { return "payment=\(payment)" }
            if let gateway { return "gateway=\(gateway.percentEncoded)" }
            return tenant.map { "tenant=\($0.percentEncoded)" } ?? "subject=configuration"
        }

        private static let columns = [
            "number", "at", "version", "event", "cause", "actor", "operation", "gateway", "object", "from", "to", "reason",
        ]

        private static func text(_ answer: JSON) -> String {
            var table = TextTable(columns.map { $0 == "actor" ? "BY" : $0 == "number" ? "NO" : $0.uppercased() })
            for entry in answer["data"]?.elements ?? [] { table.add(entry, columns) }
            return table.text + (answer["next"]?.integer.map { "\nMore: --after \($0)" } ?? "")
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify", abstract: "Find entries that were changed, dropped or put in another order.",
            discussion: """
                Computed here from the entries as they are stored; the gateway's own opinion is not asked. Ends with 0 where all \
                is as it was written, and with 1 where it is not, or could not be read.
                """)

        @OptionGroup var options: AdminOptions
        @Option(help: "Only this one, pay_….", transform: paymentID) var payment: PaymentID?
        @Option(help: "Verify what `audit export` wrote into this folder; nothing else is asked.") var files: String?

        func run() async throws {
            var report = AuditReport(progress: Progress(of: "trails verified"))
            if let files {
                try AuditFolder(path: files).verify(only: payment, into: &report)
            } else {
                let only = payment.map { AuditSubject.payment($0) }
                try await AuditWalk.over(options, only: only) { trail in report.add(trail, trail.faults) }
            }
            try report.finish(json: options.json)
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export", abstract: "Write trails to files: YYYY/MM/DD/<payment>.json, by the day the payment came.",
            discussion: """
                What is no payment's goes to subjects/. Only what verifies is written, and only onto files that it continues: what \
                was exported once cannot be changed unseen later. A file that would stay the same is not written.
                """)

        @OptionGroup var options: AdminOptions
        @Option(help: "The folder.") var to: String
        @Option(help: "Only this one, pay_….", transform: paymentID) var payment: PaymentID?
        @Option(help: "Only trails with an entry of this day (UTC) or later, YYYY-MM-DD.", transform: day) var since: Timestamp?

        func run() async throws {
            // Also of the folders: what is in them is for auditors.
            _ = umask(0o077)
            var report = AuditReport(progress: Progress(of: "trails exported"))
            let folder = AuditFolder(path: to)
            let only = payment.map { AuditSubject.payment($0) }
            try await AuditWalk.over(options, only: only) { trail in
                if let since, trail.changedAt.map({ $0 < since }) ?? false { return }
                try folder.export(trail, into: &report)
            }
            try report.finish(json: options.json)
        }
    }
}

private func day(_ text: String) throws -> Timestamp {
    guard let time = Timestamp(wholeSecondsRFC3339: "\(text)T00:00:00Z") else {
        throw ValidationError("--since must be a day, YYYY-MM-DD.")
    }
    return time
}
