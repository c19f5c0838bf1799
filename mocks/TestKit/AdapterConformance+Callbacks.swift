import AdapterKit

extension AdapterConformance {
    func callbackFailures() -> [ConformanceFailure] {
        var failures = callbacks.flatMap(fixtureFailures)
        failures += callbacks.filter(\.hasNews).flatMap { flippedBitFailures($0) + unreadableFailures($0) }
        if !Adapter.callbackSettings.isEmpty, !callbacks.contains(where: \.hasNews) {
            failures.append(.init(.coversCallbacks, "there are settings for callbacks"))
        }
        return failures
    }

    private func fixtureFailures(_ fixture: CallbackFixture) -> [ConformanceFailure] {
        let reading = CallbackReading(fixture.body, like: fixture, by: adapter)
        let rules: [(rule: ConformanceFailure.Rule, holds: Bool, otherwise: String)] = [
            (
                .namesFixtures, (fixture.name + ".").hasPrefix(fixture.namePrefix + "."),
                "should begin with \(fixture.namePrefix)"
            ),
            (
                .readsCallbacks, reading.json.canonical == fixture.expected.canonical,
                "is read as \(String(decoding: reading.json.encoded(), as: UTF8.self))"
            ),
            (
                .readsDeterministically, CallbackReading(fixture.body, like: fixture, by: adapter) == reading,
                "is read in two ways"
            ),
            (.namesSubjects, reading.agrees, "speaks of others when it is not proved"),
            (.boundsEvents, reading.isBounded, "goes beyond its bounds"),
        ]
        return rules.filter { !$0.holds }.map { .init($0.rule, "\(fixture.name) \($0.otherwise)") }
    }

    /// One bit of every byte, another each time: whatever still can be read stays in its bounds, and nothing traps.
    private func flippedBitFailures(_ fixture: CallbackFixture) -> [ConformanceFailure] {
        fixture.body.indices.compactMap { index in
            var body = fixture.body
            body[index] ^= 1 << (index % 8)
            let reading = CallbackReading(body, like: fixture, by: adapter)
            return reading.isBounded ? nil : .init(.boundsEvents, "\(fixture.name), bit \(index % 8) of byte \(index)")
        }
    }

    /// A member that the adapter does not read may be of any type: then the news stay what they are.
    private func unreadableFailures(_ fixture: CallbackFixture) -> [ConformanceFailure] {
        let whole = CallbackReading(fixture.body, like: fixture, by: adapter)
        let broken = brokenBodies(like: fixture.body).filter { body in
            !CallbackReading(body.bytes, like: fixture, by: adapter).isRefused
        }
        let optional = optionalMembers.union(optionalCallbackMembers)
        let retyped = retypedBodies(like: fixture.body, optional: optional).filter { body in
            let events = CallbackReading(body.bytes, like: fixture, by: adapter).events
            return (try? events.get()) != nil && events != whole.events
        }
        return (broken + retyped).map { .init(.refusesUnreadableCallback, "\(fixture.name), \($0.label)") }
    }
}
