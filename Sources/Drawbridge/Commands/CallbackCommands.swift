import AdapterKit
import ArgumentParser
import Foundation
import Payments

struct CallbacksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "callbacks", abstract: "Look at callbacks that could not be applied; apply one to a payment, or discard it.",
        subcommands: [List.self, Decided.self, Apply.self, Discard.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List those that match no payment, or with --malformed those that cannot be read.")

        @OptionGroup var options: AdminOptions
        @OptionGroup var page: PageOptions
        @Flag(help: "Those that their adapter cannot read.") var malformed = false

        func run() async throws {
            let kind: KeptCallback.Kind = malformed ? .malformed : .unmatched
            try await options.run(show: Self.text) { try await $0.get("/admin/callbacks/\(kind.rawValue)\(page.query)") }
        }

        private static func text(_ page: JSON) -> String {
            var table = TextTable([
                "ID", "GATEWAY", "RECEIVED", "WAITING", "EVENT", "SAYS", "CHARGE", "REFUND", "THEIR REFERENCE",
            ])
            let items = page["data"]?.elements ?? []
            for item in items {
                table.add(
                    item,
                    ["id", "gateway", "received_at", "waiting", "event_id", "outcome", "charge", "refund", "gateway_reference"])
            }
            guard !items.isEmpty || page["next"]?.text != nil else { return "Nothing." }
            return table.text + (page["next"]?.text.map { "\nMore: --after \($0)" } ?? "")
        }
    }

    struct Decided: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "decided", abstract: "What operators have decided about callbacks, newest first.")

        @OptionGroup var options: AdminOptions
        @Option(help: "At most so many, 1 to 100.") var limit = 20

        func run() async throws {
            try await options.run(show: Self.text) { try await $0.get("/admin/callbacks/decided?limit=\(limit)") }
        }

        private static func text(_ page: JSON) -> String {
            var table = TextTable(["AT", "ID", "GATEWAY", "VERDICT", "PAYMENT", "RESULT", "BY", "REASON"])
            let items = page["data"]?.elements ?? []
            for item in items {
                table.add(item, ["at", "id", "gateway", "verdict", "payment", "result", "actor", "reason"])
            }
            return items.isEmpty ? "Nothing." : table.text
        }
    }

    struct Apply: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "apply", abstract: "Apply one to a payment, as if it had just come.",
            discussion: "One that its adapter still cannot read makes Drawbridge ask the gateway about the payment instead.")

        @OptionGroup var options: AdminOptions
        @Argument(help: "cb_…", transform: callbackID) var id: CallbackID
        @Option(help: "pay_… or pay_…/ref_…; without it, it is matched again by its own references.") var payment: String?
        @Option(help: "Why, for the audit trail.") var reason: String

        func run() async throws {
            let body = JSON.present([("reason", .string(reason)), ("payment", payment.map { .string($0) })])
            try await options.run(show: line) { try await $0.post("/admin/callbacks/\(id)/apply", body) }
        }
    }

    struct Discard: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "discard", abstract: "Discard one: nothing of it is applied.")

        @OptionGroup var options: AdminOptions
        @Argument(help: "cb_…", transform: callbackID) var id: CallbackID
        @Option(help: "Why, for the audit trail.") var reason: String

        func run() async throws {
            try await options.run(show: line) {
                try await $0.post("/admin/callbacks/\(id)/discard", .members([("reason", .string(reason))]))
            }
        }
    }
}

private func callbackID(_ text: String) throws -> CallbackID {
    guard let id = CallbackID(text) else { throw ValidationError("A callback's id is cb_ and 26 characters.") }
    return id
}

private func line(_ decision: JSON) -> String {
    let result = decision["result"]?.text.map { " (\($0))" } ?? ""
    return "\(decision["id"]?.text ?? "?"): \(decision["verdict"]?.text ?? "?")\(result)"
}
