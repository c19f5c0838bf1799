import AdapterKit

extension AdapterConformance {
    func fixtureFailures() -> [ConformanceFailure] {
        var failures: [ConformanceFailure] = []
        for fixture in fixtures {
            if fixture.name != fixture.namePrefix, !fixture.name.hasPrefix(fixture.namePrefix + ".") {
                failures.append(.init(.namesFixtures, "\(fixture.name) should begin with \(fixture.namePrefix)"))
            }
            guard let answer = answer(to: fixture.response, for: fixture.operation) else { continue }
            if answer.json.canonical != fixture.expected.canonical {
                let actual = String(decoding: answer.json.encoded(), as: UTF8.self)
                failures.append(.init(.mapsFixtures, "\(fixture.name) maps to \(actual)"))
            }
        }
        let covered = Set(conclusiveFixtures.map(\.operation))
        failures += samples.filter { !covered.contains($0) }.map { .init(.coversOperations, $0.rawValue) }
        return failures
    }

    func codeFailures() -> [ConformanceFailure] {
        let declines = fixtures.map(\.declined).filter { $0["kind"]?.text == "declined" }
        let uncovered = declineCategories.filter { code, category in
            !declines.contains { $0["code"]?.text == code && $0["category"]?.text == category.rawValue }
        }
        return uncovered.keys.sorted().map { .init(.coversCodes, $0) }
    }

    /// The gateway's codes that fixtures show and no row of the table maps: `other` is right for them, or a row is missing.
    public func unmappedCodes() -> [String] {
        let others = fixtures.map(\.declined).filter { $0["category"]?.text == FailureCategory.other.rawValue }
        return Set(others.compactMap { $0["code"]?.text }).subtracting(declineCategories.keys).sorted()
    }

    /// Fixtures that carry the gateway's own word, read from the body.
    private var conclusiveFixtures: [AdapterFixture] {
        let kinds: Set = ["approved", "declined", "pending", "requires_action", "found", "not_found", "known"]
        return fixtures.filter { $0.expected["kind"]?.text.map(kinds.contains) == true }
    }

    /// Cuts, empties, retypes and replaces the body of every conclusive fixture.
    func unreadableAnswerFailures() -> [ConformanceFailure] {
        conclusiveFixtures.flatMap { fixture in
            unreadableBodies(like: fixture.response.body).compactMap { body in
                let response = GatewayResponse(
                    status: fixture.response.status, headers: fixture.response.headers, body: body.bytes)
                guard let answer = answer(to: response, for: fixture.operation), !answer.isInconclusive else { return nil }
                return .init(.refusesUnreadable, "\(fixture.name), \(body.label)")
            }
        }
    }

    private func unreadableBodies(like body: [UInt8]) -> [(label: String, bytes: [UInt8])] {
        brokenBodies(like: body) + retypedBodies(like: body, optional: optionalMembers)
    }

    /// What is no message of any gateway: cut off, followed by something, or another thing altogether.
    func brokenBodies(like body: [UInt8]) -> [(label: String, bytes: [UInt8])] {
        var bodies: [(label: String, bytes: [UInt8])] = body.indices.map { ("cut after \($0) bytes", Array(body[..<$0])) }
        for page in ["<html><body>Bad gateway</body></html>", "null", "[]", "{}", "\"\"", "0"] {
            bodies.append((page, Array(page.utf8)))
        }
        bodies.append(("something after it", body + Array("{}".utf8)))
        return bodies
    }

    /// JSON with one member of another type, or without it.
    func retypedBodies(like body: [UInt8], optional: Set<String>) -> [(label: String, bytes: [UInt8])] {
        guard let json = try? JSON(parsing: body) else { return [] }
        return json.retyped(optional: optional).map { ($0.label, $0.json.encoded()) }
    }

    private func answer(to response: GatewayResponse, for sample: SampleOperation) -> AdapterAnswer? {
        guard let operation = fixtureOperation(sample) else { return nil }
        switch sample {
        case .inquiry, .refundInquiry: return .inquiry(adapter.inquiryAnswer(of: response, for: operation))
        case .accountValidation: return .account(adapter.accountAnswer(of: response, for: operation))
        default: return .outcome(adapter.outcome(of: response, for: operation))
        }
    }
}

extension AdapterFixture {
    /// The outcome that is expected, also where an inquiry found it.
    fileprivate var declined: JSON { expected["outcome"] ?? expected }
}

extension JSON {
    /// The same value with one member, at any depth, replaced by a value of another type or left out. A member that is null
    /// does not show its type: another fixture has to.
    fileprivate func retyped(optional: Set<String>) -> [(label: String, json: JSON)] {
        guard case .object(let members) = self else { return [] }
        return members.indices.flatMap { index -> [(label: String, json: JSON)] in
            let member = members[index]
            guard member.value != .null else { return [] }
            var variants: [(label: String, value: JSON?)] = member.value.ofOtherTypes.map {
                ("\(member.name) is \($0.typeName)", $0)
            }
            variants.append(("\(member.name) is missing", nil))
            if optional.contains(member.name) { variants.removeAll { $0.value == nil || $0.value == .null } }
            variants += member.value.retyped(optional: optional).map { ("\(member.name)/\($0.label)", $0.json) }
            return variants.map { variant in
                var changed = members
                if let value = variant.value { changed[index] = Member(member.name, value) } else { changed.remove(at: index) }
                return (variant.label, .object(changed))
            }
        }
    }

    private var ofOtherTypes: [JSON] {
        let one: [JSON] = [
            .null, .bool(true), .integer(7), .number("7.5"), .string("7"), .array([]), .members([("a", .integer(7))]),
        ]
        return one.filter { $0.typeName != typeName }
    }

    private var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .number: "a fraction"
        case .string: "a text"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
