import AdapterKit
import ProcessKit
import TestKit

/// What payment services are told, and what operators see of how it came about.
struct Telling: Sendable {
    /// One page each.
    private static let page = 500
    /// What is missing after so long is lost.
    private static let patience = Duration.seconds(30)

    /// Of the tenant acme, oldest first.
    private(set) var events: [JSON] = []

    /// Reads on to the end of the feed.
    mutating func read(at replica: Replica) async throws {
        while true {
            let after = events.last?["id"]?.text.map { "&after=\($0)" } ?? ""
            let page = try await replica.caller.get("/v1/events?limit=\(Self.page)\(after)")
            guard page.status == 200 else { throw Unreadable(answer: page.text) }
            events += page["data"]?.elements ?? []
            if page["has_more"]?.bool != true { return }
        }
    }

    /// Reads on until it is as asked, or is not in time, and then until nothing waits in any outbox: what is told twice would have come by then.
    mutating func read(at replica: Replica, _ redis: RedisServer, until isComplete: ([JSON]) -> Bool) async throws {
        let end = ContinuousClock.now + Self.patience
        try await read(at: replica)
        while !isComplete(events), ContinuousClock.now < end {
            try await Chaos.pause(.milliseconds(50))
            try await read(at: replica)
        }
        while try await redis.command("EVAL", Self.waiting, "0") != "0" { try await Chaos.pause(.milliseconds(50)) }
        try await read(at: replica)
    }

    struct Unreadable: Error { let answer: String }

    private static let waiting =
        "local n = 0 for _, key in ipairs(redis.call('KEYS', '*:outbox')) do n = n + redis.call('XLEN', key) end return n"

    // MARK: Judging

    /// What is broken, in words; empty when every change that was audited was told once, in order.
    /// - Parameter audits: of all payments there are, by their ids.
    func violations(_ audits: [String: [JSON]]) -> [String] {
        let ids = events.compactMap { $0["id"]?.text }
        let twice = ids.count == Set(ids).count ? [] : ["an id was given twice"]
        let told = Dictionary(grouping: events) { $0.payment }
        let strangers = told.keys.filter { audits[$0] == nil }.map { "\($0) is nobody's payment" }
        return twice + strangers
            + audits.flatMap { payment, audit in broken(told[payment] ?? [], audit).map { "\(payment): \($0)" } }
    }

    private func broken(_ told: [JSON], _ audit: [JSON]) -> [String] {
        var broken: [String] = []
        for (object, events) in Dictionary(grouping: told, by: { $0["data"]?["id"]?.text ?? "" }) {
            let versions = events.compactMap { $0["version"]?.integer }
            if !zip(versions, versions.dropFirst()).allSatisfy({ $0 < $1 }) { broken.append("\(object): versions \(versions)") }
            let isOver = events.map { $0["type"]?.text?.hasSuffix(".succeeded") == true }
            if isOver.dropLast().contains(true) { broken.append("\(object): something came after its success") }
        }
        // That it is under way is news, but no change of its state.
        let kinds = told.compactMap { $0["type"]?.text }.filter { !$0.hasSuffix(".processing") }
        // So is what a caller asked for: its event is what came of it.
        let changes = audit.filter { $0["cause"]?.text != "request" }.compactMap { $0["event"]?.text }
            .filter { ($0.hasPrefix("payment.") || $0.hasPrefix("refund.")) && !$0.hasSuffix(".processing") }
        if kinds != changes { broken.append("told \(kinds), was \(changes)") }
        return broken
    }
}

extension JSON {
    /// Whose event it is, also a refund's.
    fileprivate var payment: String { self["data"]?["payment"]?.text ?? self["data"]?["id"]?.text ?? "" }
}

extension Replica {
    /// Every entry of the audit trail, by payment.
    func audits(of payments: [String]) async throws -> [String: [JSON]] {
        let gateway = try gateway
        return try await gather(payments) { payment in
            let reply = try await gateway.ask("/admin/audit?payment=\(payment)")
            guard reply.status == 200 else { throw Telling.Unreadable(answer: reply.text) }
            return reply["data"]?.elements ?? []
        }
    }
}

/// Asks for all, some at a time.
func gather<Value: Sendable>(
    _ names: [String], width: Int = 16, _ ask: @escaping @Sendable (String) async throws -> Value
) async throws -> [String: Value] {
    try await withThrowingTaskGroup(of: (String, Value).self) { group in
        var all: [String: Value] = [:]
        for (number, name) in names.enumerated() {
            if number >= width, let (name, value) = try await group.next() { all[name] = value }
            group.addTask { (name, try await ask(name)) }
        }
        for try await (name, value) in group { all[name] = value }
        return all
    }
}
