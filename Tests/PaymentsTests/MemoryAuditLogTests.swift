import Payments
import TestKit
import Testing

@Suite("The memory audit log")
struct MemoryAuditLogTests {
    @Test("keeps the contract of every audit log", arguments: AuditLogConformance.all)
    func conforms(_ check: AuditLogConformance) async throws { try await check.run(MemoryAuditLog()) }
}
