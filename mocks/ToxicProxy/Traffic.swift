import AdapterKit
import NIOCore
import Synchronization

/// A proxy's toxics and the connections that they apply to.
final class Traffic: Sendable {
    /// Connections at a time; a further one is closed at once.
    private static let maximumRelays = 1_000
    private static let maximumToxics = 100

    private struct State {
        var toxics: [Toxic] = []
        var relays: [UInt64: NIOLoopBound<Relay>] = [:]
        var dice: Dice
    }

    private let state: Mutex<State>

    init(seed: UInt64) { state = Mutex(State(dice: Dice(seed: seed))) }

    var toxics: [Toxic] {
        let toxics = state.withLock { $0.toxics }
        return Toxic.Direction.allCases.flatMap { direction in toxics.filter { $0.direction == direction } }
    }

    // MARK: Connections

    /// Makes a relay with the toxics there are; one added later reaches it too. Called on the client's event loop.
    func relay(between client: any Channel, and server: any Channel) throws -> Relay {
        let (relay, key) = try state.withLock { state in
            guard state.relays.count < Self.maximumRelays else { throw ChannelError.operationUnsupported }
            let key = state.dice.next()
            let relay = Relay(client: client, server: server, toxics: state.toxics, seed: key)
            let bound = NIOLoopBound(relay, eventLoop: client.eventLoop)
            state.relays[key] = bound
            return (bound, key)
        }
        client.closeFuture.and(server.closeFuture).whenComplete { _ in self.state.withLock { $0.relays[key] = nil } }
        return relay.value
    }

    func closeAll() async {
        await forEach(state.withLock { Array($0.relays.values) }) { $0.close() }
    }

    // MARK: Toxics

    /// Returns when every connection has it.
    func add(_ toxic: Toxic) async throws(APIFailure) {
        let added = state.withLock { state -> Result<[NIOLoopBound<Relay>], APIFailure> in
            guard !state.toxics.contains(where: { $0.name == toxic.name }) else { return .failure(.toxicAlreadyExists) }
            guard state.toxics.count < Self.maximumToxics else { return .failure(.badBody("too many toxics")) }
            state.toxics.append(toxic)
            return .success(Array(state.relays.values))
        }
        await forEach(try added.get()) { $0.change(toxic.direction) { link, now in link.add(toxic, at: now) } }
    }

    func update(_ name: String, _ body: JSON) async throws(APIFailure) -> Toxic {
        guard let current = toxics.first(where: { $0.name == name }) else { throw .toxicNotFound }
        let toxic = try current.updated(body)
        let relays = state.withLock { state in
            if let index = state.toxics.firstIndex(where: { $0.name == name }) { state.toxics[index] = toxic }
            return Array(state.relays.values)
        }
        await forEach(relays) { $0.change(toxic.direction) { link, now in link.update(toxic, at: now) } }
        return toxic
    }

    /// Returns when no connection has it any more.
    func remove(_ name: String) async throws(APIFailure) {
        guard let toxic = toxics.first(where: { $0.name == name }) else { throw .toxicNotFound }
        let relays = state.withLock { state in
            state.toxics.removeAll { $0.name == name }
            return Array(state.relays.values)
        }
        await forEach(relays) { $0.change(toxic.direction) { link, now in link.remove(name, at: now) } }
    }

    private func forEach(_ relays: [NIOLoopBound<Relay>], _ body: @escaping @Sendable (Relay) -> Void) async {
        for relay in relays {
            // An event loop that has ended has no connections left.
            try? await relay.eventLoop.submit { body(relay.value) }.get()
        }
    }
}
