import AdapterKit
import ArgumentParser
import Foundation
import Payments

struct WebhooksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhooks", abstract: "Look at the tenants' webhook endpoints, and put their dead letters back.",
        subcommands: [List.self, DeadLetters.self, Redrive.self, Enable.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the endpoints and how each fares.")

        @OptionGroup var options: AdminOptions

        func run() async throws { try await options.run(show: Self.text) { try await $0.get("/admin/webhooks") } }

        private static func text(_ page: JSON) -> String {
            var table = TextTable([
                "TENANT", "ID", "URL", "STATE", "PENDING", "DEAD", "LAST SUCCESS", "LAST ERROR", "LAST STATUS",
            ])
            let items = page["data"]?.elements ?? []
            for item in items {
                table.add(
                    item,
                    [
                        "tenant", "id", "url", "state", "pending", "dead_letters", "last_success_at", "last_error", "last_status",
                    ])
            }
            return items.isEmpty ? "No tenant has a webhook endpoint." : table.text
        }
    }

    struct DeadLetters: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "dead-letters", abstract: "List what an endpoint did not take, oldest first.")

        @OptionGroup var options: AdminOptions
        @OptionGroup var endpoint: EndpointArguments
        @OptionGroup var page: PageOptions

        func run() async throws {
            try await options.run(show: Self.text) { try await $0.get("\(endpoint.path)/dead-letters\(page.query)") }
        }

        private static func text(_ page: JSON) -> String {
            var table = TextTable(["EVENT", "TYPE", "OBJECT", "VERSION", "TRIES", "ERROR", "AT"])
            let items = page["data"]?.elements ?? []
            for item in items { table.add(item, ["event", "type", "object", "version", "tries", "error", "at"]) }
            guard !items.isEmpty else { return "Nothing." }
            return table.text + (page["next"]?.text.map { "\nMore: --after \($0)" } ?? "")
        }
    }

    struct Redrive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "redrive", abstract: "Deliver dead letters again, as if never tried.")

        @OptionGroup var options: AdminOptions
        @OptionGroup var endpoint: EndpointArguments
        @Option(help: "Only this one, evt_….") var event: String?
        @Flag(help: "All of this endpoint.") var all = false
        @Option(help: "Why, for the audit trail.") var reason: String?

        func validate() throws {
            guard all == (event == nil) else { throw ValidationError("Give either --event or --all.") }
        }

        func run() async throws {
            let body = JSON.present([("event", event.map { .string($0) }), ("reason", reason.map { .string($0) })])
            let line = { (answer: JSON) in "\(answer["redriven"]?.integer ?? 0) redriven" }
            try await options.run(show: line) {
                try await $0.post("\(endpoint.path)/redrive", body)
            }
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "enable", abstract: "Try a disabled endpoint again.",
            discussion: "Events that happened while it was disabled are in the tenant's feed (GET /v1/events) only.")

        @OptionGroup var options: AdminOptions
        @OptionGroup var endpoint: EndpointArguments
        @Option(help: "Why, for the audit trail.") var reason: String?

        func run() async throws {
            let body = JSON.present([("reason", reason.map { .string($0) })])
            let line = { (answer: JSON) in "\(answer["id"]?.text ?? "?"): \(answer["state"]?.text ?? "?")" }
            try await options.run(show: line) {
                try await $0.post("\(endpoint.path)/enable", body)
            }
        }
    }
}

/// Which endpoint.
struct EndpointArguments: ParsableArguments {
    @Argument(help: "The tenant.") var tenant: String
    @Argument(help: "The endpoint's id, we_…, as `webhooks list` shows it.") var id: String

    var path: String { "/admin/webhooks/\(tenant.percentEncoded)/\(id.percentEncoded)" }
}

struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Print a page of a tenant's events, as a payment service reads them.")

    @OptionGroup var client: ClientOptions
    @Option(help: "The last event seen, evt_…; without it, from the start of what is kept.") var after: String?
    @Option(help: "At most so many, 1 to 500.") var limit = 100
    @Option(help: "Seconds to wait for a first event, 0 to 30.") var wait = 0

    func run() async throws {
        let cursor = after.map { "after=\($0.percentEncoded)&" } ?? ""
        try await APIClient(client).get("/v1/events?\(cursor)limit=\(limit)&wait=\(wait)")
    }
}
