import Payments
import Testing

extension CallbackStoreConformance {
    static let listing: [CallbackStoreConformance] = [
        .init("Pages show everything of a kind once, in the order in which it came, and the last names no next") { test in
            // Ids that run the other way, kinds and gateways mixed.
            let numbers = [7, 6, 5, 4, 3, 2, 1]
            for number in numbers {
                _ = try await test.store.keep(callback(number, at: number % 2 == 0 ? "bank-a" : "bank-b"), limit: 10)
                _ = try await test.store.keep(callback(number + 10, .malformed), limit: 10)
            }
            for limit in [1, 2, 3, 6, 7, 8] {
                for (kind, offset) in [(KeptCallback.Kind.unmatched, 0), (.malformed, 10)] {
                    let pages = try await test.pages(of: kind, limit: limit)
                    #expect(try pages.flatMap { $0.callbacks.map(\.id) } == numbers.map { try id($0 + offset) })
                    #expect(pages.count == (7 + limit - 1) / limit)
                }
            }
        },
        .init("Where nothing is kept, one empty page says so") { test in
            _ = try await test.store.keep(callback(), limit: 10)
            #expect(try await test.store.listed(.malformed, after: nil, limit: 10) == KeptCallbackPage(callbacks: [], next: nil))
        },
        .init("A page goes on where the one before stopped, though callbacks left meanwhile, that one's last too") { test in
            for number in 1...6 { _ = try await test.store.keep(callback(number), limit: 10) }
            let first = try await test.store.listed(.unmatched, after: nil, limit: 3)
            #expect(try first.callbacks == (1...3).map { try callback($0) })
            for number in [1, 3, 4] { try await test.store.drop(try id(number)) }
            let second = try await test.store.listed(.unmatched, after: first.next, limit: 1)
            #expect(second.callbacks == [try callback(5)])
            try await test.store.drop(try id(5))
            _ = try await test.store.keep(callback(7), limit: 10)
            let third = try await test.store.listed(.unmatched, after: second.next, limit: 2)
            #expect(third == KeptCallbackPage(callbacks: [try callback(6), try callback(7)], next: nil))
        },
        .init("What went and came back is at the end") { test in
            for number in 1...2 { _ = try await test.store.keep(callback(number), limit: 10) }
            try await test.store.drop(try id(1))
            _ = try await test.store.keep(callback(1), limit: 10)
            #expect(
                try await test.store.listed(.unmatched, after: nil, limit: 10).callbacks == [try callback(2), try callback(1)])
        },
        .init("A cursor that no page gave is refused") { test in
            _ = try await test.store.keep(callback(), limit: 10)
            for cursor in ["", "x", "-1", "0", "+1", "01", "1.0", "1.", " 1", "1e3", "(1", "inf", "99999999999999999999"] {
                let code = try await failure { _ = try await test.store.listed(.unmatched, after: cursor, limit: 10) }
                #expect(code == .unreadable, "\(cursor)")
            }
        },
        .init("Behind the last is nothing") { test in
            _ = try await test.store.keep(callback(), limit: 10)
            let page = try await test.store.listed(.unmatched, after: "9000000000000000", limit: 10)
            #expect(page == KeptCallbackPage(callbacks: [], next: nil))
        },
    ]
}

extension CallbackStoreUnderTest {
    /// All pages of a kind; no more than a test can have.
    fileprivate func pages(of kind: KeptCallback.Kind, limit: Int) async throws -> [KeptCallbackPage] {
        var pages = [try await store.listed(kind, after: nil, limit: limit)]
        while let next = pages.last?.next, pages.count < 20 {
            pages.append(try await store.listed(kind, after: next, limit: limit))
        }
        return pages
    }
}
