import AdapterKit
import Foundation
import Payments

/// A trail as the admin listener gives it, and when its payment came.
struct ToldTrail {
    var trail: AuditTrail
    /// RFC 3339; `nil` where it is no payment's.
    let createdAt: String?

    var faults: [AuditFault] { trail.faults }
    /// Of the newest entry that can be read.
    var changedAt: Timestamp? { trail.rows.last { $0.entry != nil }?.entry?.at }
}

/// Reads all trails, or one, from the admin listener.
struct AuditWalk {
    private static let pageLimit = 100
    private let client: AdminClient

    /// - Throws: `RuntimeFailure` where the listener does not give them.
    static func over(_ options: AdminOptions, only: AuditSubject?, _ body: (ToldTrail) throws -> Void) async throws {
        let client = try AdminClient(options)
        let result: Result<Void, any Error>
        do { result = .success(try await AuditWalk(client: client).walk(only, body)) } catch { result = .failure(error) }
        await client.close()
        do { try result.get() } catch let failure as AdminFailure { throw RuntimeFailure(failure.text) }
    }

    private func walk(_ only: AuditSubject?, _ body: (ToldTrail) throws -> Void) async throws {
        if let only { return try body(try await trail(of: only)) }
        var cursor: String?
        repeat {
            let page = try await client.get("/admin/audit/subjects?limit=\(Self.pageLimit)\(Self.after(cursor))")
            guard let names = page["data"]?.elements else { throw Self.strange(page) }
            for name in names {
                guard let subject = name.text.flatMap({ AuditSubject($0) }) else { throw Self.strange(page) }
                if let trail = try await trailIfKept(of: subject) { try body(trail) }
            }
            cursor = page["next"]?.text
        } while cursor != nil
    }

    private static func after(_ cursor: String?) -> String { cursor.map { "&after=\($0.percentEncoded)" } ?? "" }

    /// `nil` for a payment that has expired since it was listed.
    private func trailIfKept(of subject: AuditSubject) async throws -> ToldTrail? {
        do { return try await trail(of: subject) } catch let failure as AdminFailure where failure.status == 404 { return nil }
    }

    private func trail(of subject: AuditSubject) async throws -> ToldTrail {
        if case .payment(let id) = subject {
            let answer = try await client.get("/admin/audit?payment=\(id)")
            return ToldTrail(trail: try Self.trail(of: subject, answer), createdAt: answer["created_at"]?.text)
        }
        var trail = AuditTrail(of: subject)
        var next: Int64? = 0
        while let number = next {
            let answer = try await client.get(
                "/admin/audit?subject=\(subject.description.percentEncoded)&after=\(number)&limit=\(Self.pageLimit)")
            let page = try Self.trail(of: subject, answer)
            trail = trail.followed(by: page)
            next = answer["next"]?.integer
        }
        return ToldTrail(trail: trail, createdAt: nil)
    }

    private static func trail(of subject: AuditSubject, _ answer: JSON) throws -> AuditTrail {
        guard let items = answer["data"]?.elements, answer["subject"]?.text == subject.description else { throw strange(answer) }
        let rows = try items.map { item in
            guard let row = AuditRow(item, canonical: item["canonical"]?.text.map { Array($0.utf8) }) else {
                throw strange(answer)
            }
            return row
        }
        return AuditTrail(of: subject, head: answer["head"].flatMap(AuditHead.init), rows: rows)
    }

    private static func strange(_ answer: JSON) -> AdminFailure {
        AdminFailure(status: 200, body: answer, text: "The answer is not Drawbridge's.")
    }
}

extension AuditTrail {
    /// As far as the head of the first page says: what came after it is for another time.
    fileprivate func followed(by page: AuditTrail) -> AuditTrail {
        let head = head ?? page.head
        let isFirst = self.head == nil
        return AuditTrail(
            of: subject, head: head, rows: rows + page.rows.filter { isFirst || $0.number <= head?.number ?? 0 })
    }
}

extension AuditRow {
    init?(_ json: JSON, canonical: [UInt8]?) {
        guard let number = json["number"]?.integer.flatMap({ Int(exactly: $0) }), let link = json["link"]?.text,
            let digest = json["digest"]?.text, let canonical
        else { return nil }
        self.init(number: number, link: link, digest: digest, canonical: canonical)
    }
}

extension AuditHead {
    init?(_ json: JSON) {
        guard let number = json["number"]?.integer.flatMap({ Int(exactly: $0) }), let link = json["link"]?.text else {
            return nil
        }
        self.init(number: number, link: link)
    }
}
