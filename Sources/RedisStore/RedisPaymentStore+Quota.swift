import Payments

extension RedisPaymentStore {
    /// Takes a token of the tenant's for a claim, in the claim's own script where one server has all keys.
    ///
    /// A script of a Redis Cluster touches one slot, and the tenant's bucket has another than the payment: there the token is taken in
    /// a step before the claim. A token whose claim then fails is gone.
    /// - Parameter script: the claim with what it takes for the quota.
    /// - Returns: the reply of the claim, or that there was no token; `nil` where the claim is still to be sent.
    func spending(
        _ quota: Quota?, of tenant: String, _ script: (Quota) throws(StoreFailure) -> RedisCommand
    ) async throws(StoreFailure) -> [RedisReply]? {
        guard let quota else { return nil }
        if !claims.isCluster, let parts = try await sendAlone(try script(quota)) { return parts }
        var step = RedisScript.takeToken.call(keys: [keys.quota(of: tenant)], [])
        step.append(quota)
        let parts = try Self.parts(of: try await client.send([step]))
        return parts.first?.text == "taken" ? nil : parts
    }

    static func standing(_ parts: [RedisReply], _ quota: Quota?) throws(StoreFailure) -> Quota.Standing {
        guard let quota else { throw unexpected }
        return Quota.Standing(quota, missing: try RedisFields.amount(parts.last))
    }
}

extension RedisCommand {
    mutating func append(_ quota: Quota) {
        append(quota.perSecond)
        append(quota.burst)
    }
}
