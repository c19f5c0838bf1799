/// Something wrong with the way between clients and a server, as Toxiproxy's API names it.
struct Toxic: Sendable, Equatable {
    /// What it applies to: `upstream` is from the client to the server.
    enum Direction: String, Sendable, CaseIterable {
        case upstream
        case downstream
    }

    /// Unique within its proxy.
    let name: String
    let direction: Direction
    /// The share of connections that it applies to, 0 to 1.
    var toxicity: Double
    var effect: Effect
}

extension Toxic {
    /// What is done to the bytes of one direction of a connection. The facts are those of Toxiproxy 2 (README.md and toxics/).
    enum Effect: Sendable, Equatable {
        case latency(Latency)
        case bandwidth(Bandwidth)
        case slicer(Slicer)
        /// Ends the direction when so many bytes have passed.
        case limitData(bytes: Int)
        /// Swallows everything, and ends the direction after so many milliseconds without bytes; 0 never does.
        case timeout(milliseconds: Int)
        /// Swallows the first bytes and so many milliseconds later resets the connection, without a proper end.
        case resetPeer(milliseconds: Int)
        /// Passes an end on only so many milliseconds later.
        case slowClose(milliseconds: Int)
    }

    /// The name of an effect in the API.
    enum Kind: String, Sendable {
        case latency
        case bandwidth
        case slicer
        case limitData = "limit_data"
        case timeout
        case resetPeer = "reset_peer"
        case slowClose = "slow_close"
    }
}

extension Toxic.Effect {
    var kind: Toxic.Kind {
        switch self {
        case .latency: .latency
        case .bandwidth: .bandwidth
        case .slicer: .slicer
        case .limitData: .limitData
        case .timeout: .timeout
        case .resetPeer: .resetPeer
        case .slowClose: .slowClose
        }
    }
}
