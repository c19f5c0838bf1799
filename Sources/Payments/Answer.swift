/// What the caller is told: status and body, with what the edge puts into headers.
public struct Answer: Sendable, Equatable {
    public enum Content: Sendable, Equatable { case json, problem, yaml }

    public var status: Int
    public var content: Content
    public var body: [UInt8]
    /// Path of the payment, for `Location`.
    public var location: String?
    /// Whole seconds.
    public var retryAfter: Int?
    /// Whether an earlier request with the same key was answered before.
    public var replayed: Bool
    /// Of the tenant whose quota is used up; an answer that was given costs no second look at the bucket, so it tells none.
    public var standing: Quota.Standing?

    public init(
        status: Int, content: Content = .json, body: [UInt8], location: String? = nil, retryAfter: Int? = nil,
        replayed: Bool = false, standing: Quota.Standing? = nil
    ) {
        self.standing = standing
        self.status = status
        self.content = content
        self.body = body
        self.location = location
        self.retryAfter = retryAfter
        self.replayed = replayed
    }

    public init(_ problem: Problem, requestID: String) {
        self.init(
            status: problem.code.status, content: .problem, body: problem.body(requestID: requestID),
            retryAfter: problem.retryAfter, standing: problem.standing)
    }
}
