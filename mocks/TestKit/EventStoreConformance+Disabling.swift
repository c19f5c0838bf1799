import Payments
import Testing

extension EventStoreConformance {
    static let disabling: [EventStoreConformance] = [
        .init("Nothing is taken for an endpoint that is disabled, and what waits stays") { test in
            try await test.append(versions: 2...4)
            #expect(try await test.take(1).versions == [2])
            try await test.store.disable(endpoint, reason: "gone")
            #expect(try await test.take().isEmpty)
            let status = try await test.status()
            #expect(status == EndpointStatus(pending: 3, disabled: "gone"))
            try await test.store.enable(endpoint, .asked(endpoint))
            #expect(try await test.status() == EndpointStatus(pending: 3))
            #expect(try await test.take().versions == [3, 4])
        },
        .init("Events that happen meanwhile are not queued, and are in the feed") { test in
            try await test.append(versions: 2...2)
            try await test.store.disable(endpoint, reason: "gone")
            try await test.append(versions: 3...4)
            #expect(try await test.status().pending == 1)
            try await test.store.enable(endpoint, .asked(endpoint))
            try await test.append(versions: 5...5)
            #expect(try await test.take().versions == [2, 5])
            #expect(try await test.versions() == [2, 3, 4, 5])
        },
        .init("An endpoint that is disabled before its first event gets none, and no other is disabled with it") { test in
            try await test.store.disable(endpoint, reason: "gone")
            try await test.publish([event(2)])
            try await test.relay(to: "we_1", "we_2")
            #expect(try await test.status() == EndpointStatus(disabled: "gone"))
            let other = EndpointID(tenant: "acme", name: "we_2")
            #expect(try await test.status(of: other) == EndpointStatus(pending: 1))
            #expect(try await test.take(for: other).versions == [2])
        },
        .init("The last reason is the one that is shown, and what is enabled can be enabled again") { test in
            try await test.store.enable(endpoint, .asked(endpoint))
            #expect(try await test.status() == EndpointStatus())
            for reason in ["gone", "operator"] { try await test.store.disable(endpoint, reason: reason) }
            #expect(try await test.status().disabled == "operator")
            for _ in 1...2 { try await test.store.enable(endpoint, .asked(endpoint)) }
            #expect(try await test.status().disabled == nil)
        },
        .init("How an attempt ended that was under way when the endpoint was disabled counts") { test in
            try await test.append(versions: 2...4)
            let taken = try await test.take()
            try await test.store.disable(endpoint, reason: "gone")
            let ends = [DeliveryEnd.delivered, .failed(error: "timeout", retryAfter: .zero), .dead(error: "gave_up")]
            for (delivery, end) in zip(taken, ends) { try await test.store.finish(delivery, end, status: nil) }
            let status = try await test.status()
            #expect((status.pending, status.dead) == (1, 1))
            #expect(try await test.redrive() == 1)
            #expect(try await test.take().isEmpty)
            try await test.store.enable(endpoint, .asked(endpoint))
            #expect(try await test.take().versions == [3, 4])
        },
        .init("One delivery more than may wait disables the endpoint", limits: limits { $0.pendingDeliveries = 2 }) { test in
            try await test.append(versions: 2...3)
            #expect(try await test.status() == EndpointStatus(pending: 2))
            try await test.append(versions: 4...9)
            #expect(try await test.status() == EndpointStatus(pending: 2, disabled: FeedLimits.tooManyPending))
            #expect(try await test.take().isEmpty)
            #expect(try await test.versions() == Array(2...9))
        },
        .init(
            "It goes on when it is enabled, and is disabled again when it falls behind",
            limits: limits { $0.pendingDeliveries = 2 }
        ) { test in
            try await test.append(versions: 2...4)
            try await test.store.enable(endpoint, .asked(endpoint))
            try await test.finish(.delivered, limit: 1)
            try await test.append(versions: 5...5)
            #expect(try await test.status().disabled == nil)
            try await test.append(versions: 6...6)
            #expect(try await test.status().disabled == FeedLimits.tooManyPending)
            try await test.store.enable(endpoint, .asked(endpoint))
            #expect(try await test.take().versions == [3, 5])
        },
        .init("An endpoint that falls behind disables no other", limits: limits { $0.pendingDeliveries = 2 }) { test in
            let other = EndpointID(tenant: "acme", name: "we_2")
            for version in 2...6 {
                try await test.publish([event(version)])
                try await test.relay(to: "we_1", "we_2")
                for delivery in try await test.take(for: other) { try await test.store.finish(delivery, .delivered, status: 200) }
            }
            #expect(try await test.status().disabled == FeedLimits.tooManyPending)
            let status = try await test.status(of: other)
            #expect(status.disabled == nil && status.pending == 0)
        },
    ]
}
