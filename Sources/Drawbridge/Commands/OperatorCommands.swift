import AdapterKit
import ArgumentParser
import Foundation
import Payments

struct QueueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "Look at payments that wait for a gateway to take them.", subcommands: [List.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List them.")

        @OptionGroup var options: AdminOptions
        @OptionGroup var page: PageOptions

        func run() async throws { try await options.run(show: WorkTable.text) { try await $0.get("/admin/queue\(page.query)") } }
    }
}

/// Which part of a list.
struct PageOptions: ParsableArguments {
    @Option(help: "At most so many, 1 to 100.") var limit = 20
    @Option(help: "The cursor that an earlier page ended with.") var after: String?

    func validate() throws {
        guard (1...100).contains(limit) else { throw ValidationError("--limit must be from 1 to 100.") }
    }

    var query: String { "?limit=\(limit)\(after.map { "&after=\($0.percentEncoded)" } ?? "")" }
}

enum WorkTable {
    static func text(_ page: JSON) -> String {
        var table = TextTable(["ID", "KIND", "STATUS", "REASON", "SINCE", "GATEWAY", "AMOUNT", "CURRENCY", "ATTEMPTS"])
        let items = page["data"]?.elements ?? []
        for item in items {
            table.add(item, ["id", "kind", "status", "reason", "since", "gateway", "amount", "currency", "attempts"])
        }
        guard !items.isEmpty || page["next"]?.text != nil else { return "Nothing." }
        return table.text + (page["next"]?.text.map { "\nMore: --after \($0)" } ?? "")
    }

    /// One piece of work after a change.
    static func line(_ work: JSON) -> String {
        "\(work["id"]?.text ?? "?"): \(work["status"]?.text ?? "?")\(work["reason"]?.text.map { " (\($0))" } ?? "")"
    }
}

struct GatewaysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "gateways", abstract: "List the gateways and their breakers.")

    @OptionGroup var options: AdminOptions

    func run() async throws {
        try await options.run(show: Self.text) { try await $0.get("/admin/gateways") }
    }

    private static func text(_ answer: JSON) -> String {
        var table = TextTable(["GATEWAY", "ADAPTER", "BREAKER", "UNTIL", "BY", "REASON"])
        for gateway in answer["data"]?.elements ?? [] {
            let breaker = gateway["breaker"]?.members ?? []
            table.add(.object((gateway.members ?? []) + breaker), ["name", "adapter", "state", "until", "actor", "reason"])
        }
        return table.text
    }
}

struct BreakerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "breaker", abstract: "Force a gateway's breaker open or closed, for all replicas, or let it judge again.")

    enum Position: String, CaseIterable, ExpressibleByArgument {
        case open, close, reset

        var state: BreakerOrder {
            switch self {
            case .open: .forcedOpen
            case .close: .forcedClosed
            case .reset: .closed
            }
        }
    }

    @OptionGroup var options: AdminOptions
    @Argument(help: "The gateway's name.") var gateway: String
    @Argument(help: "open: nothing is sent there; close: all is, whatever fails; reset: it judges by itself again, closed now.")
    var position: Position
    @Option(help: "Why, for the log.") var reason: String
    @Option(name: .customLong("for"), help: "How long, such as 10m; without it, until reset.") var limit: String?

    func validate() throws {
        guard ValueSyntax<String>.isName(gateway) else { throw ValidationError("There is no such name of a gateway.") }
        guard limit.map({ Duration(written: $0) != nil }) ?? true else {
            throw ValidationError("--for must be a duration such as 30s, 10m or 2h.")
        }
        guard position != .reset || limit == nil else { throw ValidationError("--for goes with open and close.") }
    }

    func run() async throws {
        let body = JSON.present([
            ("state", .string(position.state.rawValue)), ("reason", .string(reason)), ("for", limit.map { .string($0) }),
        ])
        let line = { (answer: JSON) in "\(gateway): \(answer["breaker"]?["state"]?.text ?? "?")" }
        try await options.run(show: line) {
            try await $0.post("/admin/gateways/\(gateway)/breaker", body)
        }
    }
}

extension String {
    /// For a value in a query or a segment of a path.
    var percentEncoded: String {
        let bytes = utf8.map { byte -> String in
            let isUnreserved = ValueSyntax<String>.isAlphanumeric(byte) || "-._~".utf8.contains(byte)
            let hex = String(byte, radix: 16, uppercase: true)
            return isUnreserved ? String(UnicodeScalar(byte)) : hex.count == 1 ? "%0\(hex)" : "%\(hex)"
        }
        return bytes.joined()
    }
}
