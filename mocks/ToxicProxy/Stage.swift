import NIOCore

/// One toxic at work on one direction of one connection. Knows the time only from its callers.
struct Stage {
    private(set) var toxic: Toxic
    /// Whether chance has it that this connection is affected.
    private var isAffected: Bool
    /// What is held, in order, each with the time when it goes on.
    private var held = CircularBuffer<(due: NIODeadline, flow: Flow)>()
    private(set) var heldBytes = 0
    /// When the last thing held goes on: nothing overtakes.
    private var lastDue: NIODeadline
    /// Bytes that went through; for `limit_data`.
    private var passedBytes = 0
    /// An end has been taken or made: nothing more is taken.
    private var hasEnd = false

    init(_ toxic: Toxic, at now: NIODeadline, _ dice: inout Dice) {
        self.toxic = toxic
        isAffected = dice.unit() < toxic.toxicity
        lastDue = now
        start(at: now)
    }

    /// When something goes on next.
    var nextDue: NIODeadline? { held.first?.due }

    /// What goes on by then, with its time.
    mutating func next(by now: NIODeadline) -> (due: NIODeadline, flow: Flow)? {
        guard let first = held.first, first.due <= now else { return nil }
        if case .end = first.flow { hasEnd = true }
        heldBytes -= first.flow.byteCount
        return held.removeFirst()
    }

    /// Takes the toxic's new values; what was held goes on at once, and chance decides anew.
    mutating func update(_ toxic: Toxic, at now: NIODeadline, _ dice: inout Dice) {
        hasten(to: now)
        self.toxic = toxic
        isAffected = dice.unit() < toxic.toxicity
        start(at: now)
    }

    /// Lets go at once of everything held. A timeout's connections end with it, as what it swallowed is missing.
    mutating func remove(at now: NIODeadline) {
        hasten(to: now)
        guard case .timeout = toxic.effect, !hasEnd else { return }
        held.append((now, .end(.close)))
    }

    private mutating func hasten(to now: NIODeadline) {
        if isAffected, case .timeout = toxic.effect, !hasEnd { held.removeAll() }
        for index in held.indices { held[index].due = min(held[index].due, now) }
        lastDue = now
    }

    private mutating func start(at now: NIODeadline) {
        guard isAffected, !hasEnd, case .timeout(let milliseconds) = toxic.effect else { return }
        awaitSilence(milliseconds, from: now)
    }
}

// MARK: - Taking

extension Stage {
    /// - Parameter now: not before the time of what was taken earlier.
    mutating func take(_ flow: Flow, at now: NIODeadline, _ dice: inout Dice) {
        guard !hasEnd else { return }
        switch flow {
        case .bytes(let bytes):
            if isAffected { affect(bytes, at: now, &dice) } else { hold(flow, until: now) }
        case .end(let ending): takeEnd(ending, at: now)
        }
    }

    private mutating func takeEnd(_ ending: Flow.Ending, at now: NIODeadline) {
        guard isAffected else { return end(ending, at: now) }
        switch toxic.effect {
        case .timeout:
            held.removeAll()
            end(ending, at: now)
        case .resetPeer(let milliseconds): end(.reset, at: now + .milliseconds(Int64(milliseconds)))
        case .slowClose(let milliseconds): end(ending, at: now + .milliseconds(Int64(milliseconds)))
        default: end(ending, at: now)
        }
    }

    private mutating func affect(_ bytes: ByteBuffer, at now: NIODeadline, _ dice: inout Dice) {
        switch toxic.effect {
        case .latency(let latency): hold(.bytes(bytes), until: now + latency.delay(&dice))
        case .bandwidth(let bandwidth): pace(bytes, bandwidth, at: now)
        case .slicer(let slicer): slice(bytes, slicer, at: now, &dice)
        case .limitData(let limit): pass(bytes, upTo: limit, at: now)
        case .timeout(let milliseconds): swallow(milliseconds, at: now)
        case .resetPeer(let milliseconds): end(.reset, at: now + .milliseconds(Int64(milliseconds)))
        case .slowClose: hold(.bytes(bytes), until: now)
        }
    }

    private mutating func hold(_ flow: Flow, until due: NIODeadline) {
        lastDue = max(due, lastDue)
        held.append((lastDue, flow))
        heldBytes += flow.byteCount
    }

    private mutating func end(_ ending: Flow.Ending, at due: NIODeadline) {
        hold(.end(ending), until: due)
        hasEnd = true
    }
}

// MARK: - Effects

extension Stage {
    /// Each piece leaves when it has taken its time on the line.
    private mutating func pace(_ bytes: ByteBuffer, _ bandwidth: Bandwidth, at now: NIODeadline) {
        guard bandwidth.rate > 0 else { return hold(.bytes(bytes), until: .distantFuture) }
        var rest = bytes
        lastDue = max(lastDue, now)
        while let piece = rest.readSlice(length: min(rest.readableBytes, bandwidth.pieceBytes)), piece.readableBytes > 0 {
            hold(.bytes(piece), until: lastDue + bandwidth.duration(of: piece.readableBytes))
        }
    }

    /// The wait is after each piece, also after the last.
    private mutating func slice(_ bytes: ByteBuffer, _ slicer: Slicer, at now: NIODeadline, _ dice: inout Dice) {
        var rest = bytes
        for size in slicer.pieces(of: bytes.readableBytes, &dice) {
            guard let piece = rest.readSlice(length: size) else { return }
            hold(.bytes(piece), until: now)
            lastDue = lastDue + .microseconds(Int64(slicer.delay))
        }
    }

    private mutating func pass(_ bytes: ByteBuffer, upTo limit: Int, at now: NIODeadline) {
        let allowed = max(0, min(bytes.readableBytes, limit - passedBytes))
        if let part = bytes.getSlice(at: bytes.readerIndex, length: allowed), allowed > 0 { hold(.bytes(part), until: now) }
        passedBytes += allowed
        if passedBytes >= limit { end(.close, at: now) }
    }

    private mutating func swallow(_ milliseconds: Int, at now: NIODeadline) {
        // An end that is due already is not put off, however late it is looked at.
        if let due = held.first?.due, due <= now { return }
        held.removeAll()
        awaitSilence(milliseconds, from: now)
    }

    private mutating func awaitSilence(_ milliseconds: Int, from now: NIODeadline) {
        guard milliseconds > 0 else { return }
        held.append((now + .milliseconds(Int64(milliseconds)), .end(.close)))
    }
}
