import Payments
import Testing

extension EventStoreConformance {
    private static let again = DeliveryEnd.failed(error: "status_503", retryAfter: short)
    private static let later = DeliveryEnd.failed(error: "status_503", retryAfter: long)

    static let taking: [EventStoreConformance] = [
        .init("Every event is due at once for every endpoint, in the order of the feed") { test in
            try await test.publish([event(2), event(2, of: 2), event(3)])
            try await test.relay(to: "we_1", "we_2")
            let feed = try await test.feed()
            for name in ["we_1", "we_2"] {
                let endpoint = EndpointID(tenant: "acme", name: name)
                let expected = feed.map { Delivery(endpoint: endpoint, event: $0, tries: 0) }
                #expect(try await test.status(of: endpoint) == EndpointStatus(pending: 3))
                #expect(try await test.take(for: endpoint) == expected)
            }
        },
        .init("An endpoint that is named twice is told once, another tenant's never") { test in
            try await test.publish([event(2)])
            let strangers = [EndpointID(tenant: "globex", name: "we_7"), EndpointID(tenant: "", name: "we_8")]
            _ = try await test.store.relay(of: nil) { _ in [endpoint, endpoint] + strangers }
            #expect(try await test.take().versions == [2])
            for stranger in strangers + strangers.map({ EndpointID(tenant: "acme", name: $0.name) }) {
                #expect(try await test.status(of: stranger) == EndpointStatus())
                #expect(try await test.take(for: stranger).isEmpty)
            }
        },
        .init("Endpoints of the same name do not meddle with each other") { test in
            try await test.append(event(2), event(2, of: 2, tenant: "globex"))
            let other = EndpointID(tenant: "globex", name: endpoint.name)
            try await test.store.disable(other, reason: "gone")
            #expect(try await test.take().map(\.event.event.tenant) == ["acme"])
            try await test.store.enable(other, .asked(other))
            #expect(try await test.take(for: other).map(\.event.event.tenant) == ["globex"])
        },
        .init("An endpoint nobody has heard of has nothing") { test in
            try await test.append(event(2))
            let stranger = EndpointID(tenant: "acme", name: "we_9")
            #expect(try await test.status(of: stranger) == EndpointStatus())
            #expect(try await test.take(for: stranger).isEmpty)
            #expect(try await test.store.deadLetters(of: stranger, after: nil, limit: 10).isEmpty)
            #expect(try await test.redrive(of: stranger) == 0)
        },
        .init("No more is taken than the limit says, and what is not taken is not held") { test in
            try await test.append(versions: 2...6)
            #expect(try await test.take(0).isEmpty)
            #expect(try await test.take(-1).isEmpty)
            #expect(try await test.take(2).versions == [2, 3])
            #expect(try await test.take(2).versions == [4, 5])
            #expect(try await test.take(2).versions == [6])
            #expect(try await test.take(2).isEmpty)
        },
        .init("Takers at the same time take each delivery once") { test in
            try await test.append(versions: 2...21)
            let taken = try await withThrowingTaskGroup(of: [Delivery].self) { group in
                for _ in 1...12 { group.addTask { try await test.take(2) } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(taken.versions.sorted() == Array(2...21))
        },
        .init("What is under way is nobody else's, until its hold has run out") { test in
            try await test.append(versions: 2...3)
            #expect(try await test.take(1).versions == [2])
            #expect(try await test.take(1, hold: short).versions == [3])
            #expect(try await test.take().isEmpty)
            try await test.elapse(short)
            let again = try await test.take()
            #expect(again.versions == [3])
            #expect(again.map(\.tries) == [0])
            #expect(try await test.status().pending == 2)
        },
    ]

    static let finishing: [EventStoreConformance] = [
        .init("What was delivered is done") { test in
            try await test.append(versions: 2...3)
            for delivery in try await test.take(hold: short) {
                try await test.store.finish(delivery, .delivered, status: 200)
            }
            try await test.elapse(short)
            #expect(try await test.take().isEmpty)
            let status = try await test.status()
            #expect(status.pending == 0 && status.dead == 0)
            #expect(try await test.deadLetters().isEmpty)
        },
        .init("What failed waits for its time, and counts its tries") { test in
            try await test.append(versions: 2...2)
            for tries in 0..<3 {
                let taken = try await test.take(1)
                #expect(taken.map(\.tries) == [tries])
                for delivery in taken { try await test.store.finish(delivery, again, status: 503) }
                try await test.elapse(short)
            }
            try await test.finish(later)
            #expect(try await test.take().isEmpty)
            #expect(try await test.status().pending == 1)
        },
        .init("What failed holds up nothing that comes after it") { test in
            try await test.append(versions: 2...3)
            try await test.finish(later, limit: 1)
            try await test.append(versions: 4...4)
            #expect(try await test.take().versions == [3, 4])
            #expect(try await test.status().pending == 3)
        },
        .init("Of all that is due the oldest event comes first, however often it was tried") { test in
            try await test.append(versions: 2...4)
            try await test.finish(again)
            try await test.append(versions: 5...7)
            try await test.elapse(short)
            #expect(try await test.take(2).versions == [2, 3])
            #expect(try await test.take(3).versions == [4, 5, 6])
        },
        .init("Success counts, however late it is told") { test in
            try await test.append(versions: 2...2)
            let late = try await test.take(hold: short)
            try await test.elapse(short)
            try await test.finish(again)
            for delivery in late { try await test.store.finish(delivery, .delivered, status: 200) }
            try await test.elapse(short)
            #expect(try await test.take().isEmpty)
            #expect(try await test.status().pending == 0)
        },
        .init("A failure that is told too late, or twice, changes nothing") { test in
            try await test.append(versions: 2...2)
            let late = try #require(try await test.take(hold: short).first)
            try await test.elapse(short)
            let second = try #require(try await test.take().first)
            try await test.store.finish(second, .failed(error: "timeout", retryAfter: short), status: nil)
            let before = try await test.status()
            for end in [later, .dead(error: "gave_up")] {
                for delivery in [late, second] { try await test.store.finish(delivery, end, status: 500) }
            }
            #expect(try await test.status() == before)
            try await test.elapse(short)
            #expect(try await test.take().map(\.tries) == [1])
        },
        .init("Nothing that is told of a delivery that is done has any effect") { test in
            try await test.append(versions: 2...2)
            let delivery = try #require(try await test.take().first)
            try await test.store.finish(delivery, .delivered, status: 200)
            let before = try await test.status()
            for end in [DeliveryEnd.delivered, again, .dead(error: "gave_up")] {
                try await test.store.finish(delivery, end, status: 500)
            }
            #expect(try await test.status() == before)
            #expect(try await test.deadLetters().isEmpty)
            try await test.elapse(short)
            #expect(try await test.take().isEmpty)
        },
        .init("Nor has what is told of one that was never queued") { test in
            let event = try #require(try await test.append(versions: 2...2).first)
            let other = FeedEvent(id: EventID(major: event.id.major + 1, minor: 0), event: event.event)
            let strangers = [
                Delivery(endpoint: endpoint, event: other, tries: 0),
                Delivery(endpoint: EndpointID(tenant: "acme", name: "we_9"), event: event, tries: 0),
                Delivery(endpoint: EndpointID(tenant: "globex", name: "we_1"), event: event, tries: 0),
            ]
            for delivery in strangers {
                for end in [DeliveryEnd.delivered, again, .dead(error: "gave_up")] {
                    try await test.store.finish(delivery, end, status: 500)
                }
                let known = EndpointStatus(pending: delivery.endpoint == endpoint ? 1 : 0)
                #expect(try await test.status(of: delivery.endpoint) == known)
            }
            #expect(try await test.take().versions == [2])
        },
        .init("The endpoint's status tells of its last attempts") { test in
            try await test.append(versions: 2...6)
            #expect(try await test.status() == EndpointStatus(pending: 5))
            try await test.finish(.failed(error: "status_503", retryAfter: long), status: 503, limit: 1)
            let failed = try await test.status()
            #expect(failed.lastError == "status_503" && failed.lastStatus == 503)
            #expect(failed.lastAttempt != nil && failed.lastSuccess == nil)
            try await test.elapse(.milliseconds(2))
            try await test.finish(.failed(error: "timeout", retryAfter: long), limit: 1)
            let silent = try await test.status()
            #expect(silent.lastError == "timeout" && silent.lastStatus == 503)
            #expect(try #require(silent.lastAttempt) > #require(failed.lastAttempt))
            try await test.finish(.delivered, status: 204, limit: 1)
            let delivered = try await test.status()
            #expect(delivered.lastError == nil && delivered.lastStatus == 204)
            #expect(delivered.lastSuccess == delivered.lastAttempt)
            try await test.elapse(.milliseconds(2))
            try await test.finish(.dead(error: "status_400"), status: 400, limit: 1)
            let dead = try await test.status()
            #expect(dead.lastError == "status_400" && dead.lastStatus == 400)
            #expect(dead.lastSuccess == delivered.lastSuccess)
            #expect(try #require(dead.lastAttempt) > #require(dead.lastSuccess))
            #expect((dead.pending, dead.dead) == (3, 1))
        },
    ]
}
