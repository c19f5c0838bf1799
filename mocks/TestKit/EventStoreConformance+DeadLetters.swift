import Payments
import Testing

extension EventStoreConformance {
    private static let gaveUp = DeliveryEnd.dead(error: "gave_up")

    static let dying: [EventStoreConformance] = [
        .init("A dead letter says what would have been told, how often it was tried and why it was given up") { test in
            let event = try #require(try await test.append(versions: 2...2).first)
            try await test.finish(.failed(error: "timeout", retryAfter: .zero))
            try await test.finish(gaveUp, status: 500)
            let letters = try await test.deadLetters()
            #expect(letters.map(\.event) == [event])
            #expect(letters.map(\.tries) == [2])
            #expect(letters.map(\.error) == ["gave_up"])
            #expect(letters.map(\.at) == [try await test.status().lastAttempt])
            #expect(try await test.take().isEmpty)
            let status = try await test.status()
            #expect((status.pending, status.dead) == (0, 1))
        },
        .init("Dead letters are listed in the order of the feed, page by page") { test in
            let feed = try await test.append(versions: 2...6)
            for delivery in try await test.take().reversed() { try await test.store.finish(delivery, gaveUp, status: nil) }
            #expect(try await test.deadLetters().map(\.event) == feed)
            #expect(try await test.deadLetters(limit: 2).map(\.event) == Array(feed[..<2]))
            #expect(try await test.deadLetters(after: feed[1].id, limit: 2).map(\.event) == Array(feed[2...3]))
            #expect(try await test.deadLetters(after: feed[4].id, limit: 2).isEmpty)
            #expect(try await test.deadLetters(after: EventID(major: .max, minor: .max)).isEmpty)
            #expect(try await test.deadLetters(after: EventID(major: 1, minor: 1)).count == 5)
            for limit in [0, -1] { #expect(try await test.deadLetters(limit: limit).isEmpty) }
        },
        .init("The oldest dead letters go when there are too many", limits: limits { $0.deadLetters = 2 }) { test in
            let feed = try await test.append(versions: 2...5)
            try await test.finish(gaveUp)
            #expect(try await test.deadLetters().map(\.event) == Array(feed[2...]))
            #expect(try await test.status().dead == 2)
            #expect(try await test.redrive(feed[0].id) == 0)
            #expect(try await test.take().isEmpty)
        },
        .init("A dead letter outlives its event", limits: limits { $0.events = 1 }) { test in
            let event = try #require(try await test.append(versions: 2...2).first)
            try await test.finish(gaveUp)
            try await test.append(versions: 3...4)
            #expect(try await test.feed().map(\.event.version) == [4])
            #expect(try await test.deadLetters().first?.event == event)
            #expect(try await test.deadLetters().first?.error == "gave_up")
        },
        .init("What left the feed before it was delivered is a dead letter", limits: limits { $0.events = 2 }) { test in
            let first = try await test.append(versions: 2...3)
            try await test.finish(.failed(error: "timeout", retryAfter: .zero), limit: 1)
            let attempted = try await test.status()
            try await test.append(versions: 4...5)
            let letters = try await test.deadLetters()
            #expect(letters.map(\.event) == first)
            #expect(letters.map(\.error) == [FeedLimits.expired, FeedLimits.expired])
            #expect(letters.map(\.tries) == [1, 0])
            #expect(try await test.take().versions == [4, 5])
            let status = try await test.status()
            #expect((status.pending, status.dead) == (2, 2))
            #expect(status.lastError == attempted.lastError && status.lastAttempt == attempted.lastAttempt)
        },
        .init("So is what grew too old while it waited", limits: limits { $0.age = .seconds(1) }) { test in
            try await test.append(versions: 2...3)
            try await test.elapse(.seconds(1))
            #expect(try await test.take().isEmpty)
            #expect(try await test.deadLetters().map(\.event.event.version) == [2, 3])
        },
        .init("Success that is told after its event left the feed makes no second dead letter", limits: limits { $0.events = 1 })
        {
            test in
            try await test.append(versions: 2...2)
            let delivery = try #require(try await test.take().first)
            try await test.append(versions: 3...3)
            for end in [DeliveryEnd.delivered, gaveUp] { try await test.store.finish(delivery, end, status: 200) }
            #expect(try await test.deadLetters().map(\.error) == [FeedLimits.expired])
            #expect(try await test.status().lastAttempt == nil)
        },
        .init("An event more than the feed holds does not reach an endpoint twice", limits: limits { $0.events = 1 }) { test in
            try await test.append(versions: 2...4)
            #expect(try await test.take().versions == [4])
            #expect(try await test.deadLetters().map(\.event.event.version) == [2, 3])
        },
    ]

    static let redriving: [EventStoreConformance] = [
        .init("A dead letter that is redriven is due at once, as if never tried") { test in
            let feed = try await test.append(versions: 2...4)
            try await test.finish(gaveUp)
            #expect(try await test.redrive(feed[1].id) == 1)
            #expect(try await test.deadLetters().map(\.event) == [feed[0], feed[2]])
            #expect(try await test.take() == [Delivery(endpoint: endpoint, event: feed[1], tries: 0)])
            let status = try await test.status()
            #expect((status.pending, status.dead) == (1, 2))
        },
        .init("All are redriven at once, in the order of the feed") { test in
            try await test.append(versions: 2...6)
            try await test.finish(gaveUp)
            try await test.append(versions: 7...7)
            #expect(try await test.redrive() == 5)
            #expect(try await test.deadLetters().isEmpty)
            #expect(try await test.take().versions == Array(2...7))
        },
        .init("What is no dead letter is not redriven") { test in
            let feed = try await test.append(versions: 2...4)
            #expect(try await test.redrive() == 0)
            try await test.finish(gaveUp, limit: 1)
            try await test.finish(.delivered, limit: 1)
            for event in feed[1...] { #expect(try await test.redrive(event.id) == 0) }
            #expect(try await test.redrive(EventID(major: 1, minor: 0)) == 0)
            #expect(try await test.redrive(feed[0].id) == 1)
            #expect(try await test.redrive(feed[0].id) == 0)
            #expect(try await test.redrive(of: EndpointID(tenant: "globex", name: "we_1")) == 0)
            #expect(try await test.status().pending == 2)
        },
        .init("A redriven one is delivered though its event left the feed, now or later", limits: limits { $0.events = 1 }) {
            test in
            let event = try #require(try await test.append(versions: 2...2).first)
            try await test.finish(gaveUp)
            #expect(try await test.redrive() == 1)
            try await test.append(versions: 3...3)
            #expect(try await test.feed().map(\.event.version) == [3])
            let taken = try await test.take()
            #expect(taken.first == Delivery(endpoint: endpoint, event: event, tries: 0))
            #expect(taken.versions == [2, 3])
            for delivery in taken { try await test.store.finish(delivery, .delivered, status: 200) }
            try await test.append(versions: 4...4)
            #expect(try await test.deadLetters().isEmpty)
            #expect(try await test.take().versions == [4])
        },
        .init("It may fail, die and be redriven again", limits: limits { $0.events = 1 }) { test in
            let event = try #require(try await test.append(versions: 2...2).first)
            try await test.finish(gaveUp)
            try await test.append(versions: 3...3)
            try await test.finish(.delivered)
            for _ in 1...2 {
                #expect(try await test.redrive(event.id) == 1)
                try await test.finish(.failed(error: "timeout", retryAfter: .zero))
                let taken = try await test.take()
                #expect(taken == [Delivery(endpoint: endpoint, event: event, tries: 1)])
                for delivery in taken { try await test.store.finish(delivery, gaveUp, status: nil) }
                #expect(try await test.deadLetters().map(\.event) == [event])
                #expect(try await test.deadLetters().map(\.tries) == [2])
            }
            #expect(try await test.redrive() == 1)
            try await test.finish(.delivered)
            #expect(try await test.status().pending == 0)
            #expect(try await test.redrive() == 0)
        },
        .init("No more are redriven than may wait", limits: limits { $0.pendingDeliveries = 3 }) { test in
            let feed = try await test.append(versions: 2...4)
            try await test.finish(gaveUp)
            try await test.append(versions: 5...6)
            #expect(try await test.redrive() == 1)
            #expect(try await test.redrive() == 0)
            #expect(try await test.redrive(feed[2].id) == 0)
            #expect(try await test.take().versions == [2, 5, 6])
            #expect(try await test.deadLetters().map(\.event.event.version) == [3, 4])
        },
    ]
}
