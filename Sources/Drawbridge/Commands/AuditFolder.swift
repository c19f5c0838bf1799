import AdapterKit
import Foundation
import Payments

/// Trails in files, one for each: `YYYY/MM/DD/<payment>.json` and `subjects/<what>_<name>.json`.
struct AuditFolder {
    /// Bytes: some ten times what the longest trail of a payment takes.
    private static let longestFile = 64 << 20

    let path: String

    // MARK: Exporting

    /// Writes a trail that verifies and continues what was exported before, unless the file says the same already.
    func export(_ told: ToldTrail, into report: inout AuditReport) throws {
        guard told.faults.isEmpty, let file = place(of: told) else { return report.add(told, told.faults) }
        let (trail, faults) = try continued(told.trail, at: file)
        report.add(told, faults)
        guard faults.isEmpty else { return }
        let text = AuditFile.text(trail)
        if (try? read(file)) == text { return report.add(written: false) }
        try write(text, to: file)
        report.add(written: true)
    }

    /// With the entries that the store has forgotten since.
    private func continued(_ trail: AuditTrail, at file: String) throws -> (AuditTrail, [AuditFault]) {
        guard FileManager.default.fileExists(atPath: file) else { return (trail, []) }
        guard let before = AuditFile.trail(try read(file)), before.subject == trail.subject else {
            throw RuntimeFailure("\(file) is no export of \(trail.subject). Move it away, then export again.")
        }
        return trail.continuing(before)
    }

    private func place(of told: ToldTrail) -> String? {
        guard case .payment = told.trail.subject else { return "\(path)/subjects/\(told.trail.subject.fileName)" }
        guard let day = told.createdAt?.prefix(10).split(separator: "-"), day.count == 3 else { return nil }
        return "\(path)/\(day.joined(separator: "/"))/\(told.trail.subject.fileName)"
    }

    /// Under another name first, so that no half of it is ever taken for all.
    private func write(_ text: [UInt8], to file: String) throws {
        let folder = URL(fileURLWithPath: file).deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(text).write(to: URL(fileURLWithPath: file), options: .atomic)
        } catch { throw RuntimeFailure("\(file) cannot be written.") }
    }

    private func read(_ file: String) throws -> [UInt8] {
        let size = (try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? Int
        guard let size, size <= Self.longestFile, let data = FileManager.default.contents(atPath: file) else {
            throw RuntimeFailure("\(file) cannot be read.")
        }
        return Array(data)
    }

    // MARK: Verifying

    /// - Throws: where there is no file.
    func verify(only payment: PaymentID?, into report: inout AuditReport) throws {
        let wanted = payment.map { AuditSubject.payment($0).fileName }
        let files = self.files.filter { wanted == nil || ($0 as NSString).lastPathComponent == wanted }
        guard !files.isEmpty else {
            throw RuntimeFailure("There is no exported file\(wanted.map { " \($0)" } ?? "") in \(path).")
        }
        for file in files { verify(file, into: &report) }
    }

    private func verify(_ file: String, into report: inout AuditReport) {
        guard let text = try? read("\(path)/\(file)"), let trail = AuditFile.trail(text) else {
            return report.find("\(file): it is no export, or was changed until it cannot be read", nil)
        }
        guard (file as NSString).lastPathComponent == trail.subject.fileName else {
            return report.find("\(file): it holds the trail of \(trail.subject)", nil)
        }
        report.add(ToldTrail(trail: trail, createdAt: nil), trail.faults)
    }

    private var files: [String] {
        var files: [String] = []
        guard let all = FileManager.default.enumerator(atPath: path) else { return [] }
        while let file = all.nextObject() as? String { if file.hasSuffix(".json") { files.append(file) } }
        return files.sorted()
    }
}

extension AuditSubject {
    var fileName: String { "\(description.replacing(":", with: "_")).json" }
}

extension AuditTrail {
    /// This trail behind the entries that were exported before, and where the two do not agree.
    func continuing(_ before: AuditTrail) -> (AuditTrail, [AuditFault]) {
        let known = Dictionary(before.rows.map { ($0.number, $0) }) { first, _ in first }
        var faults = rows.filter { row in known[row.number].map { $0 != row } ?? false }.map { row in
            AuditFault(.changed, in: subject, at: row.number, "the export has another entry of this number")
        }
        if let exported = before.head?.number, let kept = head?.number, exported > kept {
            faults.append(AuditFault(.dropped, in: subject, at: kept + 1, "the export has \(exported) entries"))
        }
        let first = rows.first?.number ?? 1
        let whole = AuditTrail(of: subject, head: head, rows: before.rows.filter { $0.number < first } + rows)
        return (whole, faults.isEmpty ? whole.faults : faults)
    }
}
