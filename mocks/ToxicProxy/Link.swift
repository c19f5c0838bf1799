import NIOCore

/// One direction of one connection: what comes in at one end, through each toxic in turn, goes out at the other.
/// Knows the time only from its callers, who ask again at `nextDue`.
struct Link {
    private var stages: [Stage] = []
    private var dice: Dice
    private(set) var hasEnded = false

    init(_ toxics: [Toxic], seed: UInt64, at now: NIODeadline) {
        dice = Dice(seed: seed)
        for toxic in toxics { stages.append(Stage(toxic, at: now, &dice)) }
    }

    /// Bytes that have come in and not gone out.
    var heldBytes: Int { stages.reduce(0) { $0 + $1.heldBytes } }

    /// `nil` when nothing goes out by itself.
    var nextDue: NIODeadline? {
        guard !hasEnded, let due = stages.compactMap(\.nextDue).min(), due < .distantFuture else { return nil }
        return due
    }

    /// - Returns: what goes out now.
    mutating func take(_ flow: Flow, at now: NIODeadline) -> [Flow] {
        var going = advance(to: now)
        send(flow, into: 0, at: now, &going)
        return going + advance(to: now)
    }

    mutating func advance(to now: NIODeadline) -> [Flow] {
        var going: [Flow] = []
        for index in stages.indices {
            while let (due, flow) = stages[index].next(by: now) { send(flow, into: index + 1, at: due, &going) }
        }
        return going
    }

    private mutating func send(_ flow: Flow, into index: Int, at now: NIODeadline, _ going: inout [Flow]) {
        if index < stages.count { return stages[index].take(flow, at: now, &dice) }
        guard !hasEnded else { return }
        if case .end = flow { hasEnded = true }
        going.append(flow)
    }

    // MARK: Changing

    /// The new toxic comes last.
    mutating func add(_ toxic: Toxic, at now: NIODeadline) -> [Flow] {
        let going = advance(to: now)
        stages.append(Stage(toxic, at: now, &dice))
        return going
    }

    mutating func update(_ toxic: Toxic, at now: NIODeadline) -> [Flow] {
        let going = advance(to: now)
        if let index = stages.firstIndex(where: { $0.toxic.name == toxic.name }) { stages[index].update(toxic, at: now, &dice) }
        return going + advance(to: now)
    }

    mutating func remove(_ name: String, at now: NIODeadline) -> [Flow] {
        var going = advance(to: now)
        guard let index = stages.firstIndex(where: { $0.toxic.name == name }) else { return going }
        stages[index].remove(at: now)
        going += advance(to: now)
        stages.remove(at: index)
        return going
    }
}
