import NIOCore

/// One client's connection and the one to the server that belongs to it. Lives on their event loop.
final class Relay {
    private let client: any Channel
    private let server: any Channel
    private let upstream: Lane
    private let downstream: Lane

    init(client: any Channel, server: any Channel, toxics: [Toxic], seed: UInt64) {
        (self.client, self.server) = (client, server)
        let now = NIODeadline.now()
        func link(_ direction: Toxic.Direction, _ seed: UInt64) -> Link {
            Link(toxics.filter { $0.direction == direction }, seed: seed, at: now)
        }
        upstream = Lane(link(.upstream, seed), from: client, to: server)
        downstream = Lane(link(.downstream, ~seed), from: server, to: client)
    }

    func start() throws {
        try client.pipeline.syncOperations.addHandler(LaneHandler(outward: upstream, inward: downstream))
        try server.pipeline.syncOperations.addHandler(LaneHandler(outward: downstream, inward: upstream))
        upstream.schedule()
        downstream.schedule()
    }

    func change(_ direction: Toxic.Direction, _ change: (inout Link, NIODeadline) -> [Flow]) {
        switch direction {
        case .upstream: upstream.change(change)
        case .downstream: downstream.change(change)
        }
    }

    func close() {
        client.close(promise: nil)
        server.close(promise: nil)
    }
}
