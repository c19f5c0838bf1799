import Payments
import TestKit

/// The mistakes that are made at the store.
extension World {
    func makeMistakes() {
        switch scenario.mutation {
        case .dropLease:
            storage.alteredLease = { Lease(token: $0.token, duration: .zero) }
            storage.mistakenSettle = { [storage] settlement, _, _ throws(StoreFailure) in
                try await storage.overwriting(settlement)
            }
        case .fenceAwayApproval:
            storage.mistakenSettle = { [storage] settlement, _, _ throws(StoreFailure) in
                _ = try await storage.settle(settlement)
                return .done
            }
        case .answerBeforeStored:
            storage.mistakenSettle = { [storage, schedule] settlement, _, process throws(StoreFailure) in
                process.start {
                    await process.rest(Int64(schedule.dice.within(1_000...2_000_000)))
                    _ = try? await storage.settle(settlement)
                }
                return .done
            }
        case .letTwoRefundsThrough:
            storage.mistakenClaim = { claim, store throws(StoreFailure) in try await store.claimUnchecked(claim) }
        default: break
        }
    }
}

extension SimulatedStorage {
    /// Writes whatever anybody else has written meanwhile.
    fileprivate func overwriting(_ settlement: Settlement) async throws(StoreFailure) -> SettleResult {
        guard case .conflict(let stored, _) = try await settle(settlement) else { return .done }
        var again = settlement
        again.expectedVersion = stored.record.version
        again.record.version = stored.record.version + 1
        return try await settle(again)
    }
}

extension PaymentStore {
    /// A refund is new, whatever is left to refund.
    fileprivate func claimUnchecked(_ claim: OperationClaim) async throws(StoreFailure) -> OperationClaimResult {
        let result = try await self.claim(claim)
        guard case .exceeds = result, claim.record.kind == .refund,
            let stored = try await payment(claim.record.payment, tenant: claim.record.tenant)
        else { return result }
        var record = claim.record
        record.amount = claim.amount ?? stored.record.amountCaptured
        record.gateway = stored.record.gateway
        record.gatewayIdentity = stored.record.gatewayIdentity
        return .new(stored, record)
    }
}
