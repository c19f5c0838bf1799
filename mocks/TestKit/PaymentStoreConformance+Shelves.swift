import Payments
import Testing

extension PaymentStoreConformance {
    static let shelves: [PaymentStoreConformance] = [
        .init("Queued payments, unknown ones and dead letters lie on shelves, the rest on none") { test in
            for (number, status) in PaymentRecord.Status.allCases.enumerated() {
                _ = try await test.settled(status, number: number)
            }
            _ = try await test.store.claim(Sample.claim(try Sample.payment(20)))
            var dead = try Sample.payment(21).next(.manualReview)
            dead.deadLetter = DeadLetter(.outcomeUnknown, since: Sample.start)
            dead.gateway = nil
            _ = try await test.store.settle(Settlement(record: dead, expectedVersion: 1, keeping: Sample.kept))
            let expected = [
                Shelf(.queue, gateway: "bank-a"): 1, Shelf(.unknown, gateway: "bank-a"): 1, Shelf(.dead, gateway: ""): 1,
            ]
            #expect(try await test.store.tally() == expected)
            for (kind, status) in [
                (Shelf.Kind.queue, PaymentRecord.Status.queued), (.unknown, .processing), (.dead, .manualReview),
            ] {
                let page = try await test.store.listed(on: kind, after: nil, limit: 10)
                #expect(page.items.map(\.work?.payment.record.status) == [status])
                #expect(page.next == nil)
            }
        },
        .init("What lies on a shelf is counted exactly after many moves, repeats and conflicts") { test in
            var expected: [Shelf: Int] = [:]
            for number in 0..<12 {
                var payment = try await test.settled(.queued, number: number, bucket: number % 2 == 0 ? "00" : "zz")
                for step in 0..<number {
                    payment = payment.next([PaymentRecord.Status.processing, .queued, .requiresAction][step % 3])
                    payment.gateway = ["bank-a", "bank-b"][step % 2]
                    payment.deadLetter = step % 5 == 4 ? DeadLetter(.queueGaveUp, since: Sample.start) : nil
                    try await test.settle(payment)
                    // Its repeat, and one that comes too late.
                    try await test.settle(payment)
                    let late = Settlement(record: payment.next(.queued), expectedVersion: 1, keeping: Sample.kept)
                    #expect(try await test.store.settle(late) != .done)
                }
                if let shelf = payment.shelf { expected[shelf, default: 0] += 1 }
            }
            #expect(try await test.store.tally() == expected)
            for kind in Shelf.Kind.allCases {
                let count = expected.filter { $0.key.kind == kind }.reduce(0) { $0 + $1.value }
                #expect(try await test.store.listed(on: kind, after: nil, limit: 100).items.count == count)
            }
        },
        .init("A gateway is at work while anything is to be done about it, now or later, and not when it is done") { test in
            #expect(try await test.store.gatewaysAtWork().isEmpty)
            var claimed = try Sample.payment(1)
            claimed.gateway = "bank-a"
            _ = try await test.store.claim(Sample.claim(claimed))
            #expect(try await test.store.gatewaysAtWork() == ["bank-a"])
            var asked = try await test.settled(.requiresAction, number: 2, wake: .seconds(3_600))
            asked = asked.next(.requiresAction)
            asked.gateway = "bank-b"
            _ = try await test.store.settle(
                Settlement(record: asked, expectedVersion: asked.version - 1, wake: .seconds(3_600), keeping: Sample.kept))
            #expect(try await test.store.gatewaysAtWork() == ["bank-a", "bank-b"])
            try await test.settle(asked.next(.failed))
            #expect(try await test.store.gatewaysAtWork() == ["bank-a"])
        },
        .init("A dead letter keeps its gateway at work") { test in
            var dead = try await test.settled(.queued)
            dead = dead.next(.manualReview)
            dead.deadLetter = DeadLetter(.queueGaveUp, since: Sample.start)
            try await test.settle(dead)
            #expect(try await test.store.gatewaysAtWork() == ["bank-a"])
        },
        .init("What leaves the last shelf is counted nowhere") { test in
            let payment = try await test.settled(.queued)
            try await test.settle(payment.next(.failed))
            #expect(try await test.store.tally().isEmpty)
            #expect(try await test.store.listed(on: .queue, after: nil, limit: 10) == ShelfPage(items: [], next: nil))
        },
        .init("Taking work leaves it on its shelf") { test in
            let payment = try await test.settled(.queued, wake: .zero)
            _ = try await test.store.take(WorkID(payment.id), lease: taker)
            #expect(try await test.store.tally() == [Shelf(.queue, gateway: "bank-a"): 1])
            let page = try await test.store.listed(on: .queue, after: nil, limit: 10)
            #expect(page.items.map(\.work?.payment.holder) == ["taker"])
        },
        .init("Pages show everything once, in the order in which it came, and the last names no next") { test in
            // Of one bucket, then of the next ones.
            for number in 1...5 { _ = try await test.settled(.queued, number: number) }
            for bucket in ["01", "9q", "zz"] { _ = try await test.settled(.queued, number: 6, bucket: bucket) }
            let expected =
                try (1...5).map { try Sample.paymentID($0) } + ["01", "9q", "zz"].map { try Sample.paymentID(6, bucket: $0) }
            for limit in [1, 2, 3, 4, 8, 9] {
                let pages = try await test.pages(of: .queue, limit: limit)
                #expect(pages.flatMap { $0.items.map(\.id.payment) } == expected)
                #expect(pages.count == (8 + limit - 1) / limit)
            }
        },
        .init("A page goes on where the one before stopped, though items left meanwhile, that one's last too") { test in
            var payments: [PaymentRecord] = []
            for number in 1...6 { payments.append(try await test.settled(.queued, number: number)) }
            payments.append(try await test.settled(.queued, number: 1, bucket: "zz"))
            let first = try await test.store.listed(on: .queue, after: nil, limit: 3)
            #expect(first.items.map(\.id.payment) == payments[..<3].map(\.id))
            for index in [0, 2, 3] { try await test.settle(payments[index].next(.failed)) }
            let second = try await test.store.listed(on: .queue, after: first.next, limit: 2)
            #expect(second.items.map(\.id.payment) == payments[4...5].map(\.id))
            for index in [4, 5] { try await test.settle(payments[index].next(.failed)) }
            let third = try await test.store.listed(on: .queue, after: second.next, limit: 2)
            #expect(third.items.map(\.id.payment) == [payments[6].id])
            #expect(third.next == nil)
        },
        .init("What went and came back is at the end of its shelf") { test in
            let first = try await test.settled(.queued, number: 1)
            let second = try await test.settled(.queued, number: 2)
            try await test.settle(first.next(.processing))
            try await test.settle(first.next(.processing).next(.queued))
            let page = try await test.store.listed(on: .queue, after: nil, limit: 10)
            #expect(page.items.map(\.id.payment) == [second.id, first.id])
        },
        .init("What stays on its shelf keeps its place") { test in
            let first = try await test.settled(.queued, number: 1)
            let second = try await test.settled(.queued, number: 2)
            try await test.settle(first.next(.queued))
            let page = try await test.store.listed(on: .queue, after: nil, limit: 10)
            #expect(page.items.map(\.id.payment) == [first.id, second.id])
        },
        .init("A payment and its operation may lie on a shelf at once") { test in
            let payment = try await test.settled(.succeeded, captured: 10_000)
            let refund = try await test.begin(.refund, of: payment)
            var record = payment.next(.succeeded)
            record.deadLetter = DeadLetter(.finalMismatch, since: Sample.start)
            var operation = refund.next(.manualReview)
            operation.deadLetter = DeadLetter(.outcomeUnknown, since: Sample.start)
            try await test.settle(record, operation: operation)
            #expect(try await test.store.tally() == [Shelf(.dead, gateway: "bank-a"): 2])
            let pages = try await test.pages(of: .dead, limit: 1)
            #expect(Set(pages.flatMap { $0.items.map(\.id) }) == [WorkID(payment.id), WorkID(payment.id, refund.id)])
            #expect(pages.count == 2)
        },
        .init("A cursor that no page gave is refused") { test in
            _ = try await test.settled(.queued)
            for cursor in ["", "x", "-1", "1..", "99999999999999999999"] {
                let failure = await #expect(throws: StoreFailure.self) {
                    try await test.store.listed(on: .queue, after: cursor, limit: 10)
                }
                #expect(failure?.code == .refused)
            }
        },
    ]
}

extension StoreUnderTest {
    /// All pages of a shelf; no more than a test can have.
    func pages(of shelf: Shelf.Kind, limit: Int) async throws -> [ShelfPage] {
        var pages = [try await store.listed(on: shelf, after: nil, limit: limit)]
        while let next = pages.last?.next, pages.count < 20 {
            pages.append(try await store.listed(on: shelf, after: next, limit: limit))
        }
        return pages
    }
}
