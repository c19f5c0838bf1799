import AdapterKit
import Payments
import Testing

extension CallbackStoreConformance {
    static let keeping: [CallbackStoreConformance] = [
        .init("A callback is kept as it is, until it is dropped") { test in
            for callback in try [callback(1), callback(2, .malformed, sealed: []), callback(3, sealed: Array(0...255))] {
                #expect(try await test.store.kept(callback.id) == nil)
                #expect(try await test.store.keep(callback, limit: 10) == .kept)
                #expect(try await test.store.kept(callback.id) == callback)
                try await test.store.drop(callback.id)
                #expect(try await test.store.kept(callback.id) == nil)
            }
        },
        .init("An operator's decision takes it out, and is remembered with the newest first") { test in
            #expect(try await test.store.decisions(limit: 10).isEmpty)
            for number in 1...2 {
                #expect(try await test.store.keep(try callback(number), limit: 10) == .kept)
                try await test.store.decide(try decision(number))
                #expect(try await test.store.kept(try id(number)) == nil)
            }
            // Of one that is not kept any more it is remembered all the same: it was made.
            try await test.store.decide(try decision(3))
            #expect(try await test.store.decisions(limit: 10) == [try decision(3), try decision(2), try decision(1)])
            #expect(try await test.store.decisions(limit: 1) == [try decision(3)])
            #expect(try await test.store.decisions(limit: 0).isEmpty)
            #expect(try await test.store.tally().isEmpty)
            #expect(try await test.store.listed(.unmatched, after: nil, limit: 10).callbacks.isEmpty)
        },
        .init("A callback of 256 KiB is kept whole") { test in
            let callback = try callback(sealed: (0..<262_144).map { UInt8(truncatingIfNeeded: $0) })
            #expect(try await test.store.keep(callback, limit: 10) == .kept)
            #expect(try await test.store.kept(callback.id) == callback)
        },
        .init("One of the same id stays as it is, and is counted once") { test in
            let first = try callback(1)
            #expect(try await test.store.keep(first, limit: 10) == .kept)
            #expect(try await test.store.keep(first, limit: 10) == .keptBefore)
            for other in [
                try callback(1, sealed: [1]), try callback(1, .malformed), try callback(1, at: "bank-b"),
            ] {
                #expect(try await test.store.keep(other, limit: 10) == .keptBefore)
            }
            #expect(try await test.store.kept(first.id) == first)
            #expect(try await test.store.tally() == [KeptCallbackShelf(gateway: "bank-a", kind: .unmatched): 1])
            #expect(try await test.store.listed(.malformed, after: nil, limit: 10).callbacks.isEmpty)
        },
        .init("Of many who keep one callback at once, one is told that it kept it") { test in
            let callback = try callback()
            let results = try await test.race(8) { store, _ in try await store.keep(callback, limit: 10) }
            #expect(results.count { $0 == .kept } == 1)
            #expect(results.count { $0 == .keptBefore } == 7)
            #expect(try await test.store.tally() == [KeptCallbackShelf(gateway: "bank-a", kind: .unmatched): 1])
        },
        .init("No more are kept of one gateway than may be, of both kinds together") { test in
            #expect(try await test.store.keep(try callback(1), limit: 0) == .full)
            #expect(try await test.store.keep(try callback(1), limit: 2) == .kept)
            #expect(try await test.store.keep(try callback(2, .malformed), limit: 2) == .kept)
            #expect(try await test.store.keep(try callback(3), limit: 2) == .full)
            #expect(try await test.store.keep(try callback(3, .malformed), limit: 2) == .full)
            #expect(try await test.store.kept(try id(3)) == nil)
            // One that is there is never refused.
            #expect(try await test.store.keep(try callback(1), limit: 2) == .keptBefore)
            #expect(try await test.store.keep(try callback(3, at: "bank-b"), limit: 2) == .kept)
            try await test.store.drop(id(2))
            #expect(try await test.store.keep(try callback(4), limit: 2) == .kept)
            #expect(try await test.store.keep(try callback(5), limit: 2) == .full)
        },
        .init("Of many who keep at once, no more get in than may") { test in
            let callbacks = try (1...12).map { try callback($0) }
            let results = try await test.race(12) { store, number in try await store.keep(callbacks[number], limit: 5) }
            #expect(results.count { $0 == .kept } == 5)
            #expect(results.count { $0 == .full } == 7)
        },
        .init("Dropping twice, or what was never there, does nothing") { test in
            try await test.store.drop(try id())
            for number in 1...2 { _ = try await test.store.keep(callback(number), limit: 10) }
            for _ in 1...2 { try await test.store.drop(try id(1)) }
            #expect(try await test.store.tally() == [KeptCallbackShelf(gateway: "bank-a", kind: .unmatched): 1])
            #expect(try await test.store.kept(try id(2)) == (try callback(2)))
            #expect(try await test.store.listed(.unmatched, after: nil, limit: 10).callbacks == [try callback(2)])
        },
        .init("What was dropped can be kept again") { test in
            _ = try await test.store.keep(callback(1), limit: 10)
            try await test.store.drop(try id(1))
            #expect(try await test.store.keep(try callback(1, .malformed, at: "bank-b"), limit: 10) == .kept)
            #expect(try await test.store.kept(try id(1)) == (try callback(1, .malformed, at: "bank-b")))
            #expect(try await test.store.tally() == [KeptCallbackShelf(gateway: "bank-b", kind: .malformed): 1])
        },
        .init("What is kept is counted for each gateway and kind, and what has gone nowhere") { test in
            #expect(try await test.store.tally().isEmpty)
            for number in 1...3 { _ = try await test.store.keep(callback(number), limit: 10) }
            _ = try await test.store.keep(callback(4, .malformed), limit: 10)
            for number in 5...6 { _ = try await test.store.keep(callback(number, .malformed, at: "bank b"), limit: 10) }
            let expected = [
                KeptCallbackShelf(gateway: "bank-a", kind: .unmatched): 3,
                KeptCallbackShelf(gateway: "bank-a", kind: .malformed): 1,
                KeptCallbackShelf(gateway: "bank b", kind: .malformed): 2,
            ]
            #expect(try await test.store.tally() == expected)
            for number in 2...6 { try await test.store.drop(try id(number)) }
            #expect(try await test.store.tally() == [KeptCallbackShelf(gateway: "bank-a", kind: .unmatched): 1])
            try await test.store.drop(try id(1))
            #expect(try await test.store.tally().isEmpty)
        },
        .init("Marks and what waits live on when a callback is dropped, and the other way round") { test in
            let mark = CallbackMark(.event, "evt_1", at: "bank-a")
            let reference = GatewayReference("ch_1", at: "bank-a")
            _ = try await test.store.keep(callback(), limit: 10)
            _ = try await test.store.find(reference, orWait: try id(), for: long)
            #expect(try await test.store.claim(mark, for: long))
            try await test.store.drop(try id())
            #expect(try await test.store.isKnown([mark]) == [true])
            #expect(try await test.store.bind(reference, to: try work(), for: long) == [try id()])
            _ = try await test.store.keep(callback(), limit: 10)
            try await test.store.release(mark)
            #expect(try await test.store.kept(try id()) == (try callback()))
        },
    ]
}
