import AdapterKit
public import Payments
import Testing

/// One sentence of what every audit log does. Both pass all of them.
public struct AuditLogConformance: Sendable, CustomStringConvertible {
    public let description: String
    /// On a log that is fresh and empty.
    public let run: @Sendable (any AuditLog) async throws -> Void

    private init(_ description: String, _ run: @escaping @Sendable (any AuditLog) async throws -> Void) {
        self.description = description
        self.run = run
    }

    private static func all(_ log: any AuditLog, of subject: AuditSubject) async throws -> AuditTrail {
        try await log.trail(of: subject, after: 0, limit: 1_000)
    }

    public static let all: [AuditLogConformance] = [
        .init("Each subject has a chain of its own, in the order of its entries") { log in
            let subjects: [AuditSubject] = [.gateway("bank-a"), .gateway("bank-b"), .tenant("bank-a"), .configuration]
            for number in 1...3 {
                for subject in subjects { try await log.append(Sample.entry(number), to: subject) }
            }
            for subject in subjects {
                let trail = try await all(log, of: subject)
                #expect(trail.faults == [])
                #expect(try trail.entries == (1...3).map { Sample.entry($0) })
            }
            #expect(try await log.subjects() == Set(subjects))
        },
        .init("A page begins behind a number and tells where the trail ends") { log in
            for number in 1...5 { try await log.append(Sample.entry(number), to: .configuration) }
            let page = try await log.trail(of: .configuration, after: 2, limit: 2)
            #expect(page.rows.map(\.number) == [3, 4])
            #expect(page.head?.number == 5)
            #expect(try await log.trail(of: .configuration, after: 5, limit: 2).rows == [])
        },
        .init("A payment's entries are refused: they are written with its changes alone") { log in
            let payment = AuditSubject.payment(try Sample.paymentID(1))
            let failure = await #expect(throws: StoreFailure.self) { try await log.append(Sample.entry(1), to: payment) }
            #expect(failure?.code == .refused)
        },
        .init("Nothing is there where nothing was written") { log in
            let trail = try await all(log, of: .gateway("bank-z"))
            #expect(trail.head == nil && trail.rows == [])
            #expect(try await log.subjects().isEmpty)
        },
        .init("Writers at the same time make one chain") { log in
            try await withThrowingTaskGroup { group in
                for number in 1...30 { group.addTask { try await log.append(Sample.entry(number), to: .tenant("acme")) } }
                try await group.waitForAll()
            }
            let trail = try await all(log, of: .tenant("acme"))
            #expect(trail.faults == [])
            #expect(trail.head?.number == 30)
        },
    ]
}
