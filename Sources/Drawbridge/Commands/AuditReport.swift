import AdapterKit
import Foundation
import Payments

/// What a verification or an export has found, told as it goes on.
struct AuditReport {
    let progress: Progress
    private var trails = 0
    private var entries = 0
    /// Files, of an export.
    private var written: Int?
    private var findings: [JSON] = []

    init(progress: Progress) { self.progress = progress }

    mutating func add(_ told: ToldTrail, _ faults: [AuditFault]) {
        trails += 1
        entries += told.trail.rows.count
        for fault in faults { find(fault.description, fault) }
        progress.show(trails)
    }

    mutating func add(written isWritten: Bool) { written = (written ?? 0) + (isWritten ? 1 : 0) }

    /// - Parameter fault: `nil` where no trail could be read.
    mutating func find(_ text: String, _ fault: AuditFault?) {
        progress.clear()
        CommandOutput.error(text)
        findings.append(
            .members([
                ("subject", .optional(fault?.subject.description)),
                ("number", fault?.number.map { .integer(Int64($0)) } ?? .null),
                ("fault", .string(fault?.kind.rawValue ?? "unreadable")), ("text", .string(text)),
            ]))
    }

    /// - Throws: where anything was found.
    func finish(json: Bool) throws {
        progress.clear()
        let text =
            "\(trails) trails, \(entries) entries\(written.map { ", \($0) files written" } ?? ""), \(findings.count) faults"
        CommandOutput.line(json ? String(decoding: self.json.encoded(), as: UTF8.self) : text)
        guard findings.isEmpty else { throw RuntimeFailure("The audit trail is not as it was written.") }
    }

    private var json: JSON {
        .present([
            ("trails", .integer(Int64(trails))), ("entries", .integer(Int64(entries))),
            ("written", written.map { .integer(Int64($0)) }), ("faults", .array(findings)),
        ])
    }
}

/// How far a long run is, on a terminal only.
struct Progress {
    private static let step = 100
    private let what: String

    init(of what: String) { self.what = what }

    func show(_ count: Int) {
        guard Terminal.isError, count.isMultiple(of: Self.step) else { return }
        FileHandle.standardError.write(Data("\r\(count) \(what)".utf8))
    }

    func clear() {
        guard Terminal.isError else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
    }
}
