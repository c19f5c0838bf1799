import Payments

/// Where a page of a shelf ended: `score.work.gateway`. It names a place, not an item, so items may leave meanwhile.
struct RedisShelfCursor {
    let score: Int64
    let member: RedisMember

    init(score: Int64, member: RedisMember) {
        self.score = score
        self.member = member
    }

    init?(_ text: String) {
        let parts = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let score = Int64(parts[0]), let work = WorkID(parts[1]) else { return nil }
        self.init(score: score, member: RedisMember(gateway: parts[2], work: work))
    }

    var text: String { "\(score).\(member.work).\(member.gateway)" }

    /// Redis orders equal scores by their members' bytes.
    func isBefore(_ other: RedisShelfCursor) -> Bool {
        guard score == other.score else { return score < other.score }
        return member.text.utf8.lexicographicallyPrecedes(other.member.text.utf8)
    }
}
