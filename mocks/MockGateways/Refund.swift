/// What the bank knows of one refund. The amount is in minor units.
public struct Refund: Sendable, Equatable {
    public enum Status: String, Sendable, CaseIterable {
        case approved = "APPROVED"
        case pending = "PENDING"
        case declined = "DECLINED"
    }

    public let reference: String
    public let bankReference: String
    public let amount: Int64
    public internal(set) var status: Status
    public internal(set) var code: String
}
