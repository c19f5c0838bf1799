import Payments

/// Commands on their way to the nodes of a cluster: what each was answered, and where those go next that have no answer yet.
///
/// A command without a key (`WAIT`, `SCRIPT LOAD`) says something about those around it: it goes along wherever one of them goes.
struct RedisBatch {
    enum Way: Equatable {
        case owner
        case node(RedisNode)
        /// Once, while its slot moves there.
        case asking(RedisNode)
    }

    /// What one node is sent in one flush.
    struct Part {
        let node: RedisNode?
        var members: [Member] = []
    }

    struct Member {
        let index: Int
        let asks: Bool
    }

    let commands: [RedisCommand]
    private let slots: [RedisSlot?]
    private var ways: [Way?]
    private var answers: [RedisReply?]

    init(_ commands: [RedisCommand]) {
        self.commands = commands
        slots = commands.map { $0.key.map { RedisSlot(of: $0) } }
        ways = slots.map { $0.map { _ in .owner } }
        answers = commands.map { _ in nil }
    }

    var isDone: Bool { !isOpen && answers.allSatisfy { $0 != nil } }

    /// To each command the last that was said.
    var replies: [RedisReply] { answers.map { $0 ?? .failed(RedisInterruption.lost.failure) } }

    /// Whether something is to be sent again.
    private var isOpen: Bool { ways.contains { $0 != nil } }

    /// What is to be sent now, by who is to get it; in the commands' order, since each slot's own are in order.
    ///
    /// - Parameters:
    ///   - owner: `nil` where nobody serves a slot.
    ///   - any: where a batch goes that has no key at all.
    func parts(any: () -> RedisNode, owner: (RedisSlot) -> RedisNode?) -> [Part] {
        guard isOpen else { return [accompanied(Part(node: any()))] }
        var parts: [Part] = []
        for index in commands.indices {
            guard let slot = slots[index], let way = ways[index] else { continue }
            let (node, asks): (RedisNode?, Bool) =
                switch way {
                case .owner: (owner(slot), false)
                case .node(let node): (node, false)
                case .asking(let node): (node, true)
                }
            let place = parts.firstIndex { $0.node == node } ?? parts.count
            if place == parts.count { parts.append(Part(node: node)) }
            parts[place].members.append(Member(index: index, asks: asks))
        }
        return parts.map(accompanied)
    }

    /// With the commands that have no key, each in its place.
    private func accompanied(_ part: Part) -> Part {
        let others = commands.indices.filter { slots[$0] == nil }
        guard !others.isEmpty else { return part }
        let members = part.members + others.map { Member(index: $0, asks: false) }
        return Part(node: part.node, members: members.sorted { $0.index < $1.index })
    }

    func words(of part: Part) -> [RedisCommand] {
        part.members.flatMap { $0.asks ? [.asking, commands[$0.index]] : [commands[$0.index]] }
    }

    // MARK: Answers

    /// - Parameter next: where a command goes that got this reply; `nil` where it is the answer.
    mutating func take(_ replies: [RedisReply], of part: Part, next: (RedisReply) -> Way?) {
        var replies = replies[...]
        var others: [(index: Int, reply: RedisReply)] = []
        var isAnswered = part.members.allSatisfy { slots[$0.index] == nil }
        for member in part.members {
            if member.asks { replies = replies.dropFirst() }
            guard let reply = replies.popFirst() else { break }
            guard slots[member.index] != nil else {
                others.append((member.index, reply))
                continue
            }
            answers[member.index] = reply
            ways[member.index] = next(reply)
            isAnswered = isAnswered || ways[member.index] == nil
        }
        // Where all of them are sent on nothing was done, so that nothing was said about them.
        if isAnswered { for (index, reply) in others { note(reply, at: index) } }
    }

    /// This node gave no answer.
    mutating func fail(_ part: Part, _ failure: StoreFailure, next: Way?) {
        for member in part.members {
            if slots[member.index] != nil {
                answers[member.index] = .failed(failure)
                ways[member.index] = next
            } else if next == nil {
                note(.failed(failure), at: member.index)
            }
        }
    }

    /// What holds for all nodes that were asked: a failure of one, the least of their numbers.
    private mutating func note(_ reply: RedisReply, at index: Int) {
        guard let known = answers[index] else {
            answers[index] = reply
            return
        }
        if StoreFailure(known) != nil { return }
        if let one = known.integer, let other = reply.integer {
            answers[index] = .integer(min(one, other))
            return
        }
        if StoreFailure(reply) != nil { answers[index] = reply }
    }
}
