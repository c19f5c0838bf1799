public import Payments

extension RedisPaymentStore {
    /// Settings of Redis under which it may forget payments, in words for the operator. None where it does not let itself be asked.
    public func persistenceProblems() async throws(StoreFailure) -> [String] {
        var problems: [String] = []
        if let appendonly = try await setting("appendonly"), appendonly != "yes" {
            problems.append("Redis has appendonly \(appendonly): a restart forgets payments; set appendonly yes")
        }
        if let policy = try await setting("maxmemory-policy"), policy != "noeviction" {
            problems.append("Redis has maxmemory-policy \(policy): it may drop payments; set maxmemory-policy noeviction")
        }
        return problems
    }

    private func setting(_ name: String) async throws(StoreFailure) -> String? {
        do throws(StoreFailure) {
            let reply = try await client.send([RedisCommand("CONFIG", "GET", name)]).first
            return reply?.elements?.last?.text
        } catch {
            guard error.code == .refused else { throw error }
            return nil
        }
    }
}
