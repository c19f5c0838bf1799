import AdapterKit
import ProcessKit

/// Many payments, so many of them at once.
struct Volume: Sendable {
    let payments: Int
    let inFlight: Int

    /// Amount of the payment with this number: no two are the same.
    static func amount(_ number: Int) -> Int64 { Int64(1000 + number) }

    /// - Returns: the answers, in the order of the payments' numbers.
    func run(at caller: Caller) async throws -> [Reply] {
        try await withThrowingTaskGroup(of: (Int, Reply).self) { group in
            var replies: [Int: Reply] = [:]
            for number in 0..<payments {
                if number >= inFlight, let (done, reply) = try await group.next() { replies[done] = reply }
                group.addTask { (number, try await caller.pay(Caller.order(("amount", .integer(Self.amount(number)))))) }
            }
            for try await (done, reply) in group { replies[done] = reply }
            return (0..<payments).compactMap { replies[$0] }
        }
    }
}
