import Payments
import Testing

extension CallbackStoreConformance {
    private static let mark = CallbackMark(.nonce, "n-1", at: "bank-a")

    static let marks: [CallbackStoreConformance] = [
        .init("A mark is claimed once, and known from then on") { test async throws in
            #expect(try await test.store.isKnown([mark]) == [false])
            #expect(try await test.store.claim(mark, for: long))
            #expect(try await test.store.isKnown([mark]) == [true])
            #expect(try await !test.store.claim(mark, for: long))
        },
        .init("Of many who claim one mark at once, one wins") { test in
            for round in 0..<20 {
                let mark = CallbackMark(.event, "evt_\(round)", at: "bank-a")
                let won = try await test.race(8) { store, _ in try await store.claim(mark, for: long) }
                #expect(won.count { $0 } == 1)
            }
        },
        .init("A mark that has expired is not known and can be claimed again") { test in
            #expect(try await test.store.claim(mark, for: short))
            try await test.elapse(short)
            #expect(try await test.store.isKnown([mark]) == [false])
            #expect(try await test.store.claim(mark, for: long))
            #expect(try await !test.store.claim(mark, for: long))
        },
        .init("A claim in vain does not put off the end of the mark") { test in
            #expect(try await test.store.claim(mark, for: short))
            #expect(try await !test.store.claim(mark, for: long))
            try await test.elapse(short)
            #expect(try await test.store.claim(mark, for: long))
        },
        .init("A mark that was released can be claimed at once; releasing one that is not there does nothing") { test in
            try await test.store.release(mark)
            #expect(try await test.store.claim(mark, for: long))
            try await test.store.release(mark)
            #expect(try await test.store.isKnown([mark]) == [false])
            #expect(try await test.store.claim(mark, for: long))
            #expect(try await !test.store.claim(mark, for: long))
        },
        .init("What is remembered outlasts the reservation that was made of it") { test in
            #expect(try await test.store.claim(mark, for: short))
            try await test.store.remember([mark], for: long)
            try await test.elapse(short)
            #expect(try await test.store.isKnown([mark]) == [true])
            #expect(try await !test.store.claim(mark, for: long))
        },
        .init("What is remembered again lasts so long from then on, also shorter") { test in
            try await test.store.remember([mark], for: long)
            try await test.store.remember([mark], for: short)
            try await test.elapse(short)
            #expect(try await test.store.isKnown([mark]) == [false])
        },
        .init("Marks are told apart by kind, gateway and value, and are named in the order of the question") { test in
            let others = [
                CallbackMark(.event, "n-1", at: "bank-a"), CallbackMark(.hint, "n-1", at: "bank-a"),
                CallbackMark(.nonce, "n-1", at: "bank-b"), CallbackMark(.nonce, "n-2", at: "bank-a"),
                CallbackMark(.nonce, "N-1", at: "bank-a"), CallbackMark(.nonce, "", at: "bank-a"),
                // The same text when the parts are joined.
                CallbackMark(.nonce, "a:n-1", at: "bank"), CallbackMark(.nonce, "-a:n-1", at: "bank"),
            ]
            #expect(try await test.store.claim(mark, for: long))
            #expect(try await test.store.isKnown(others + [mark]) == others.map { _ in false } + [true])
            for other in others { #expect(try await test.store.claim(other, for: long)) }
            try await test.store.release(mark)
            #expect(try await test.store.isKnown([mark] + others) == [false] + others.map { _ in true })
        },
        .init("Any text can be a mark's value, and much of it") { test in
            let values = ["\u{0}", "{}", "a b\r\n", "é", "e\u{301}x", String(repeating: "n", count: 100_000), "*"]
            let marks = values.map { CallbackMark(.event, $0, at: "bank-a") }
            try await test.store.remember(marks, for: long)
            #expect(try await test.store.isKnown(marks) == values.map { _ in true })
            #expect(try await test.store.isKnown([CallbackMark(.event, "\u{1}", at: "bank-a")]) == [false])
        },
        .init("Of no marks none is remembered and none asked for") { test in
            try await test.store.remember([], for: long)
            #expect(try await test.store.isKnown([]).isEmpty)
        },
    ]
}
