import AdapterKit

extension AdapterConformance {
    func declarationFailures() -> [ConformanceFailure] {
        let capabilities = adapter.capabilities
        let names = Adapter.settings.map(\.name)
        let rules: [(holds: Bool, otherwise: String)] = [
            (!capabilities.operations.isEmpty, "no operation"),
            (!capabilities.methods.isEmpty, "no method"),
            (!currencies.isEmpty, "no currency"),
            (
                capabilities.notFoundFinalAfter == nil || capabilities.inquiryByReference,
                "not found is final although the gateway cannot be asked by our reference"
            ),
            (
                !capabilities.inquiryByReference || capabilities.operations.contains(.inquiry),
                "asked by reference without an inquiry"
            ),
            (
                !capabilities.reversal || !capabilities.operations.isDisjoint(with: [.void, .refund]),
                "reversal without void or refund"
            ),
            (
                !capabilities.operations.contains(.authorize) || capabilities.operations.contains(.capture),
                "authorize without capture"
            ),
            (durations.allSatisfy { $0 > .zero }, "a duration that is not positive"),
            (Set(names).count == names.count, "a setting twice"),
            (!adapter.account.isEmpty && !adapter.account.contains(""), "no account to tell apart"),
            (isConfigurationName(Adapter.name), "a name that is not lower-case letters, digits and hyphens"),
        ]
        return rules.filter { !$0.holds }.map { ConformanceFailure(.declaresConsistently, $0.otherwise) }
    }

    private var durations: [Duration] {
        let capabilities = adapter.capabilities
        var durations = [capabilities.notFoundFinalAfter, capabilities.acceptsSignedRequestFor].compactMap { $0 }
        if case .limited(let life) = capabilities.idempotency { durations.append(life) }
        if case .within(let time) = capabilities.lateSuccess { durations.append(time) }
        return durations
    }

    private func isConfigurationName(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
            }
    }
}
