import Payments
import Testing

extension EventStoreConformance {
    static let relaying: [EventStoreConformance] = [
        .init("Events come in the order in which they were written, with all they say") { test in
            let written = try [
                event(2), event(3, .paymentAuthorized), event(1, object: "ref_1", .refundProcessing), event(4, .paymentSucceeded),
            ]
            try await test.publish(written)
            #expect(try await test.relay() == ["acme"])
            let feed = try await test.feed()
            #expect(feed.map(\.event) == written)
            #expect(zip(feed, feed.dropFirst()).allSatisfy { $0.id < $1.id })
        },
        .init("Nothing is relayed twice, and where nothing waits no feed grows") { test in
            #expect(try await test.relay().isEmpty)
            try await test.publish([event(2)])
            #expect(try await test.relay() == ["acme"])
            #expect(try await test.relay().isEmpty)
            #expect(try await test.versions() == [2])
        },
        .init("What was appended before is dropped, by object and version") { test in
            try await test.append(event(2), event(3))
            try await test.publish([event(3), event(2), event(1)])
            #expect(try await test.relay().isEmpty)
            try await test.publish([event(3), event(4), event(4), event(2)])
            #expect(try await test.relay() == ["acme"])
            #expect(try await test.versions() == [2, 3, 4])
        },
        .init("A repeat is queued for nobody") { test in
            try await test.append(event(2))
            try await test.finish(.delivered, status: 200)
            try await test.append(event(2))
            #expect(try await test.take().isEmpty)
            #expect(try await test.status().pending == 0)
        },
        .init("The same version of another object is no repeat") { test in
            try await test.append(event(2), event(2, of: 2), event(2, object: "ref_1"), event(2, object: "ref_2"))
            #expect(try await test.versions() == [2, 2, 2, 2])
        },
        .init("What was appended is remembered no longer than the limit says", limits: limits { $0.memory = short }) { test in
            try await test.append(event(2))
            try await test.elapse(short)
            try await test.append(event(2))
            #expect(try await test.versions() == [2, 2])
        },
        .init("Each tenant has its own feed") { test in
            try await test.publish([event(2), event(2, of: 2, tenant: "globex"), event(3), event(3, of: 2, tenant: "globex")])
            #expect(try await test.relay() == ["acme", "globex"])
            for (tenant, number) in [("acme", 1), ("globex", 2)] {
                let feed = try await test.feed(of: tenant)
                #expect(feed.map(\.event) == (try [2, 3].map { try event($0, of: number, tenant: tenant) }))
            }
            #expect(try await test.feed(of: "acm").isEmpty)
        },
        .init("Only tenants whose feed has grown are named") { test in
            try await test.append(event(2), event(2, of: 2, tenant: "globex"))
            try await test.publish([event(2), event(3, of: 2, tenant: "globex")])
            #expect(try await test.relay() == ["globex"])
        },
        .init("Only the outboxes that are named are relayed, the others wait") { test in
            try await test.publish([event(2), event(2, of: 1, bucket: "zz")])
            #expect(try await test.relay(of: []).isEmpty)
            #expect(try await test.relay(of: [try Sample.paymentID(1, bucket: "9q")]).isEmpty)
            #expect(try await test.relay(of: [try Sample.paymentID(1, bucket: "zz")]) == ["acme"])
            #expect(try await test.feed().map(\.event.payment.bucket) == ["zz"])
            #expect(try await test.relay() == ["acme"])
            #expect(try await test.feed().map(\.event.payment.bucket) == ["zz", "00"])
        },
        .init("Many relays at once, while events are written, append each once and in order") { test in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...3 {
                    group.addTask { try await test.publish(try (2...20).map { try event($0, of: number) }) }
                }
                for _ in 1...20 { group.addTask { try await test.relay() } }
                try await group.waitForAll()
            }
            try await test.relay()
            for number in 1...3 {
                let payment = try Sample.paymentID(number)
                #expect(try await test.feed().filter { $0.event.payment == payment }.map(\.event.version) == Array(2...20))
            }
        },
    ]

    static let cursors: [EventStoreConformance] = [
        .init("A feed without events is an empty page, and no cursor is good") { test in
            let page = try await test.page(after: nil)
            #expect(page == .page([], hasMore: false))
            for cursor in strangers {
                #expect(try await test.page(after: cursor) == .cursorNotKept)
            }
        },
        .init("After a cursor comes what was appended since") { test in
            let feed = try await test.append(versions: 2...4)
            for (number, last) in feed.enumerated() {
                #expect(try await test.feed(after: last.id) == Array(feed.dropFirst(number + 1)))
            }
            let more = try await test.append(versions: 5...5)
            #expect(try await test.feed(after: feed[2].id) == more)
        },
        .init("A cursor that never was, or is of the future, is not kept") { test in
            let feed = try await test.append(versions: 2...3)
            let near = feed.flatMap { event in
                let id = event.id
                return [
                    EventID(major: id.major, minor: id.minor + 7), EventID(major: id.major - 1, minor: id.minor),
                    EventID(major: id.major + 60_000, minor: 0),
                ]
            }
            // A neighbour may be an event itself.
            for cursor in strangers + near.filter({ id in !feed.contains { $0.id == id } }) {
                #expect(try await test.page(after: cursor) == .cursorNotKept)
            }
        },
        .init("Another tenant's cursor is not kept") { test in
            let own = try await test.append(event(2))
            try await test.elapse(.milliseconds(2))
            let other = try await test.append(event(2, of: 2, tenant: "globex"))
            #expect(try await test.page(after: other[0].id) == .cursorNotKept)
            #expect(try await test.page(of: "globex", after: own[0].id) == .cursorNotKept)
            #expect(try await test.feed(after: own[0].id).isEmpty)
        },
        .init("A page holds no more than its limit, and says exactly whether there are more") { test in
            let feed = try await test.append(versions: 2...4)
            for limit in -1...4 {
                let count = max(0, limit)
                let first = try await test.page(after: nil, limit: limit)
                #expect(first == .page(Array(feed.prefix(count)), hasMore: count < 3))
                let second = try await test.page(after: feed[0].id, limit: limit)
                #expect(second == .page(Array(feed.dropFirst().prefix(count)), hasMore: count < 2))
                let last = try await test.page(after: feed[2].id, limit: limit)
                #expect(last == .page([], hasMore: false))
            }
        },
        .init("Pages show everything once, also what is appended between them") { test in
            try await test.append(versions: 2...8)
            var (seen, cursor): ([Int], EventID?) = ([], nil)
            for round in 0..<5 {
                guard case .page(let page, _) = try await test.page(after: cursor, limit: 2) else { break }
                seen += page.map(\.event.version)
                cursor = page.last?.id
                if round == 1 { try await test.append(versions: 9...10) }
            }
            #expect(seen == Array(2...10))
        },
    ]

    private static let strangers = [
        EventID(major: 0, minor: 0), EventID(major: 1, minor: 0), EventID(major: .max, minor: .max),
        EventID(major: 1_767_225_600_000, minor: .max),
    ]

    static let trimming: [EventStoreConformance] = [
        .init("The oldest events go when there are too many", limits: limits { $0.events = 3 }) { test in
            let first = try await test.append(versions: 2...3)
            let second = try await test.append(versions: 4...6)
            #expect(second.map(\.event.version) == [4, 5, 6])
            #expect(try await test.feed() == second)
            try await test.append(versions: 7...17)
            #expect(try await test.versions() == [15, 16, 17])
            for event in first + second {
                #expect(try await test.page(after: event.id) == .cursorNotKept)
            }
        },
        .init("The cursor of the last event that left is still good: the next is kept", limits: limits { $0.events = 3 }) {
            test in
            let first = try await test.append(versions: 2...3)
            let second = try await test.append(versions: 4...6)
            #expect(try await test.feed(after: first[1].id) == second)
            #expect(try await test.page(after: first[0].id) == .cursorNotKept)
            try await test.append(versions: 7...7)
            #expect(try await test.page(after: first[1].id) == .cursorNotKept)
            #expect(try await test.feed(after: second[0].id).map(\.event.version) == [5, 6, 7])
        },
        .init("Events go when they are too old, also where no new one comes", limits: limits { $0.age = .seconds(1) }) { test in
            let feed = try await test.append(versions: 2...4)
            try await test.elapse(.seconds(1))
            #expect(try await test.page(after: nil) == .page([], hasMore: false))
            #expect(try await test.feed(after: feed[2].id).isEmpty)
            for cursor in [feed[0].id, feed[1].id] + strangers {
                #expect(try await test.page(after: cursor) == .cursorNotKept)
            }
            let new = try await test.append(versions: 5...5)
            #expect(try await test.feed(after: feed[2].id) == new)
            #expect(try #require(new.first).id > feed[2].id)
        },
        .init("A repeat of what left the feed is a repeat all the same", limits: limits { $0.events = 1 }) { test in
            try await test.append(versions: 2...4)
            try await test.append(versions: 2...4)
            #expect(try await test.versions() == [4])
        },
        .init("One tenant's events push out none of another's", limits: limits { $0.events = 2 }) { test in
            try await test.append(event(2, tenant: "globex"))
            try await test.publish(try (2...9).map { try event($0, of: 2) })
            try await test.relay()
            #expect(try await test.versions(of: "globex") == [2])
            #expect(try await test.versions() == [8, 9])
        },
    ]
}
