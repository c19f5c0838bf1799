public import Payments

extension RedisPaymentStore {
    /// Settings of Redis under which it may forget payments, in words for the operator. None where it does not let itself be asked.
    public func persistenceProblems() async throws(StoreFailure) -> [String] {
        var problems: [String] = []
        if let appendonly = try await settings("appendonly").first(where: { $0 != "yes" }) {
            problems.append("Redis has appendonly \(appendonly): a restart forgets payments; set appendonly yes")
        }
        if let policy = try await settings("maxmemory-policy").first(where: { $0 != "noeviction" }) {
            problems.append("Redis has maxmemory-policy \(policy): it may drop payments; set maxmemory-policy noeviction")
        }
        return problems
    }

    /// Of each server of a cluster.
    private func settings(_ name: String) async throws(StoreFailure) -> [String] {
        do throws(StoreFailure) {
            return try await client.everywhere(RedisCommand("CONFIG", "GET", name)).compactMap { $0.elements?.last?.text }
        } catch {
            guard error.code == .refused else { throw error }
            return []
        }
    }
}
