/// What is wrong with a trail, and at which entry.
public struct AuditFault: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: String, Sendable, CaseIterable {
        case changed, dropped, reordered, repeated, missing
        case wrongHead = "wrong_head"
    }

    public let subject: AuditSubject
    /// The entry's; `nil` where it is about the whole trail.
    public let number: Int?
    public let kind: Kind
    /// Names and numbers only.
    public let detail: String

    public init(_ kind: Kind, in subject: AuditSubject, at number: Int? = nil, _ detail: String) {
        self.subject = subject
        self.number = number
        self.kind = kind
        self.detail = detail
    }

    public var description: String { "\(subject): \(number.map { "entry \($0)" } ?? "the trail") \(kind.word): \(detail)" }
}

extension AuditFault.Kind {
    fileprivate var word: String {
        switch self {
        case .changed: "was changed"
        case .dropped: "was dropped"
        case .reordered: "was reordered"
        case .repeated: "is there twice"
        case .missing: "is missing"
        case .wrongHead: "does not end where its head says"
        }
    }
}
