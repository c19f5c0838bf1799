import AdapterKit
import ArgumentParser
import Payments

/// Redrives dead letters one after the other and tells how far it is, so that it can go on where it stopped.
struct Redriving {
    /// Answers stay small, and little is read again after a stop.
    private static let pageLimit = 20

    let client: AdminClient
    let reason: String?
    let interruption: Interruption

    private struct Count {
        var redriven = 0
        var refused = 0
        var text: String { "\(redriven) redriven, \(refused) refused" }
    }

    private struct Page {
        let items: [JSON]
        let next: String?
        let asOf: String
    }

    func only(_ ids: [WorkID]) async throws {
        var count = Count()
        for id in ids {
            do { try await redrive(id, &count) } catch let failure as AdminFailure { throw RuntimeFailure(failure.text) }
        }
        try finish(count)
    }

    /// What was dead when it began: what died again meanwhile, or newly, is left for another run.
    func everything(after start: String?) async throws {
        await interruption.listen()
        var count = Count()
        var cursor = start
        var began: String?
        do {
            repeat {
                let page = try await self.page(after: cursor)
                let limit = began ?? page.asOf
                began = limit
                for item in page.items where item.wasDead(at: limit) {
                    if interruption.came { throw Self.stopped(at: cursor, count, because: "interrupted") }
                    if let id = item["id"]?.text.flatMap({ WorkID($0) }) { try await redrive(id, &count) }
                }
                CommandOutput.error(count.text)
                cursor = page.next
            } while cursor != nil
        } catch let failure as AdminFailure { throw Self.stopped(at: cursor, count, because: failure.text) }
        try finish(count)
    }

    private func page(after cursor: String?) async throws -> Page {
        let query = "?limit=\(Self.pageLimit)\(cursor.map { "&after=\($0.percentEncoded)" } ?? "")"
        let answer = try await client.get("/admin/dead-letters\(query)")
        guard let items = answer["data"]?.elements, let asOf = answer["as_of"]?.text else {
            throw AdminFailure(status: 200, body: answer, text: "The answer is not Drawbridge's.")
        }
        return Page(items: items, next: answer["next"]?.text, asOf: asOf)
    }

    private func redrive(_ id: WorkID, _ count: inout Count) async throws {
        do {
            let work = try await client.post("\(id.adminPath)/redrive", .present([("reason", reason.map { .string($0) })]))
            count.redriven += 1
            CommandOutput.line(client.options.json ? String(decoding: work.encoded(), as: UTF8.self) : WorkTable.line(work))
        } catch let failure as AdminFailure where failure.isAboutItem {
            count.refused += 1
            CommandOutput.error("\(id): \(failure.text)")
        }
    }

    private func finish(_ count: Count) throws {
        if count.refused > 0 { throw RuntimeFailure(count.text) }
    }

    private static func stopped(at cursor: String?, _ count: Count, because reason: String) -> RuntimeFailure {
        let again = cursor.map { "--all --after \($0)" } ?? "--all"
        return RuntimeFailure("Stopped: \(reason)\n\(count.text). To go on: drawbridge dead-letters redrive \(again)")
    }
}

extension JSON {
    /// Times of one form in UTC compare as texts. What cannot be read has no time: it is tried, and refused with its reason.
    fileprivate func wasDead(at limit: String) -> Bool { self["since"]?.text.map { $0 <= limit } ?? true }
}
