import Payments
import Testing

extension CallbackStoreConformance {
    private static let reference = GatewayReference("ch_1", at: "bank-a")

    static let references: [CallbackStoreConformance] = [
        .init("A reference names what it was bound to, a payment or an operation") { test in
            let payment = try work()
            let operation = try #require(OperationID("ref_" + payment.payment.text.dropFirst(4)))
            let refund = WorkID(payment.payment, operation)
            let other = GatewayReference("re_1", at: "bank-a")
            #expect(try await test.store.find(reference, orWait: nil, for: long) == nil)
            #expect(try await test.store.bind(reference, to: payment, for: long).isEmpty)
            #expect(try await test.store.bind(other, to: refund, for: long).isEmpty)
            #expect(try await test.store.find(reference, orWait: nil, for: long) == payment)
            #expect(try await test.store.find(other, orWait: try id(), for: long) == refund)
        },
        .init("A callback that finds nothing waits, and the binding gives it out, once") { test async throws in
            for number in [1, 2, 1] { #expect(try await test.store.find(reference, orWait: try id(number), for: long) == nil) }
            #expect(Set(try await test.store.bind(reference, to: try work(), for: long)) == [try id(1), try id(2)])
            #expect(try await test.store.bind(reference, to: try work(), for: long).isEmpty)
            #expect(try await test.store.find(reference, orWait: try id(3), for: long) == (try work()))
            #expect(try await test.store.bind(reference, to: try work(), for: long).isEmpty)
        },
        .init("One that only asks does not wait") { test async throws in
            #expect(try await test.store.find(reference, orWait: nil, for: long) == nil)
            #expect(try await test.store.bind(reference, to: try work(), for: long).isEmpty)
        },
        .init("What a reference names stays, whatever else it is bound to") { test in
            _ = try await test.store.bind(reference, to: try work(1), for: long)
            #expect(try await test.store.bind(reference, to: try work(2), for: long).isEmpty)
            #expect(try await test.store.find(reference, orWait: nil, for: long) == (try work(1)))
        },
        .init("A binding in vain does not put off the end of the first") { test in
            _ = try await test.store.bind(reference, to: try work(1), for: short)
            _ = try await test.store.bind(reference, to: try work(2), for: long)
            try await test.elapse(short)
            #expect(try await test.store.find(reference, orWait: nil, for: long) == nil)
            _ = try await test.store.bind(reference, to: try work(2), for: long)
            #expect(try await test.store.find(reference, orWait: nil, for: long) == (try work(2)))
        },
        .init("Binding again lasts so long from then on") { test in
            _ = try await test.store.bind(reference, to: try work(), for: short)
            _ = try await test.store.bind(reference, to: try work(), for: long)
            try await test.elapse(short)
            #expect(try await test.store.find(reference, orWait: nil, for: long) == (try work()))
        },
        .init("One whose waiting is over is not given out, the others are") { test in
            _ = try await test.store.find(reference, orWait: try id(1), for: short)
            _ = try await test.store.find(reference, orWait: try id(2), for: long)
            _ = try await test.store.find(reference, orWait: try id(3), for: short)
            _ = try await test.store.find(reference, orWait: try id(3), for: long)
            try await test.elapse(short)
            #expect(Set(try await test.store.bind(reference, to: try work(), for: long)) == [try id(2), try id(3)])
        },
        .init("What was given out is not given out again when the binding has ended") { test in
            _ = try await test.store.find(reference, orWait: try id(), for: long)
            #expect(try await test.store.bind(reference, to: try work(), for: short) == [try id()])
            try await test.elapse(short)
            #expect(try await test.store.bind(reference, to: try work(), for: long).isEmpty)
        },
        .init("References of other gateways, and other references, are others") { test in
            let others = ["ch_1": "bank-b", "CH_1": "bank-a", "ch_2": "bank-a", "": "bank-a", "a:ch_1": "bank"]
                .map { GatewayReference($0.key, at: $0.value) }
            _ = try await test.store.bind(reference, to: try work(), for: long)
            for (number, other) in others.enumerated() {
                #expect(try await test.store.find(other, orWait: try id(number), for: long) == nil)
            }
            for (number, other) in others.enumerated() {
                #expect(try await test.store.bind(other, to: try work(number + 2), for: long) == [try id(number)])
            }
            #expect(try await test.store.find(reference, orWait: nil, for: long) == (try work()))
        },
        .init("No more than so many wait for one reference, and one that waits already may wait on") { test in
            for number in 1...StoreLimits.waitingCallbacks {
                _ = try await test.store.find(reference, orWait: try id(number), for: number == 7 ? short : long)
            }
            #expect(try await test.store.find(reference, orWait: try id(1), for: long) == nil)
            let full = try await failure { _ = try await test.store.find(reference, orWait: try id(1_000), for: long) }
            #expect(full == .full)
            #expect(try await test.store.find(reference, orWait: nil, for: long) == nil)
            #expect(try await test.store.find(GatewayReference("ch_2", at: "bank-a"), orWait: try id(1_000), for: long) == nil)
            try await test.elapse(short)
            #expect(try await test.store.find(reference, orWait: try id(1_001), for: long) == nil)
            let waiting = Set(try await test.store.bind(reference, to: try work(), for: long))
            #expect(waiting.count == StoreLimits.waitingCallbacks)
            #expect(waiting.contains(try id(1_001)))
            #expect(!waiting.contains(try id(1_000)))
            #expect(!waiting.contains(try id(7)))
        },
        .init("A callback either finds the work or is given out by the binding, however the two race") { test in
            for round in 0..<100 {
                let reference = GatewayReference("ch_\(round)", at: "bank-a")
                let (callback, work) = (try id(), try work())
                let ways = try await test.race(2) { store, number in
                    if number == round % 2 { return try await store.bind(reference, to: work, for: long) == [callback] }
                    return try await store.find(reference, orWait: callback, for: long) == work
                }
                #expect(ways.count { $0 } == 1)
            }
        },
    ]
}
