import AdapterKit

extension Toxic {
    private static let members = ["name", "type", "stream", "toxicity", "attributes"]

    /// Reads the body of `POST /proxies/{proxy}/toxics`.
    init(_ body: JSON) throws(APIFailure) {
        let fields = try Fields(body, of: "toxic", known: Self.members)
        let type = try fields.text("type") ?? ""
        guard let kind = Kind(rawValue: type) else { throw .invalidToxicType(type) }
        guard let direction = Direction(rawValue: try fields.text("stream") ?? Direction.downstream.rawValue) else {
            throw .invalidStream
        }
        let name = try fields.text("name").flatMap { $0.isEmpty ? nil : $0 } ?? "\(type)_\(direction.rawValue)"
        guard ProxyName.isValid(name) else { throw .badBody("name of toxic: \(ProxyName.rule)") }
        self.init(
            name: name, direction: direction, toxicity: try fields.share("toxicity") ?? 1,
            effect: try Effect(kind, attributes: fields["attributes"]))
    }

    /// The same toxic with what the body of `PATCH /proxies/{proxy}/toxics/{toxic}` says; name, type and stream stay.
    func updated(_ body: JSON) throws(APIFailure) -> Toxic {
        let fields = try Fields(body, of: "toxic", known: Self.members)
        let attributes = try Fields(fields["attributes"], of: effect.kind.rawValue, known: effect.kind.attributes)
        let merged = effect.attributes.map { ($0.name, attributes[$0.name] ?? .integer(Int64($0.value))) }
        return Toxic(
            name: name, direction: direction, toxicity: try fields.share("toxicity") ?? toxicity,
            effect: try Effect(effect.kind, attributes: .members(merged)))
    }

    var json: JSON {
        .members([
            ("attributes", .members(effect.attributes.map { ($0.name, .integer(Int64($0.value))) })), ("name", .string(name)),
            ("type", .string(effect.kind.rawValue)), ("stream", .string(direction.rawValue)),
            ("toxicity", toxicity == toxicity.rounded() ? .integer(Int64(toxicity)) : .number("\(toxicity)")),
        ])
    }
}

extension Toxic.Kind {
    var attributes: [String] {
        switch self {
        case .latency: ["latency", "jitter"]
        case .bandwidth: ["rate"]
        case .slicer: ["average_size", "size_variation", "delay"]
        case .limitData: ["bytes"]
        case .timeout, .resetPeer: ["timeout"]
        case .slowClose: ["delay"]
        }
    }
}

extension Toxic.Effect {
    /// Milliseconds that anything waits: an hour.
    private static let milliseconds = 0...3_600_000
    private static let microseconds = 0...3_600_000_000
    private static let sizes = 1...1_048_576
    private static let rates = 0...1_000_000_000
    private static let totals = 0...Int(Int32.max)

    init(_ kind: Toxic.Kind, attributes json: JSON?) throws(APIFailure) {
        let fields = try Fields(json, of: kind.rawValue, known: kind.attributes)
        switch kind {
        case .latency:
            let milliseconds = try fields.integer("latency", in: Self.milliseconds)
            self = .latency(Latency(milliseconds: milliseconds, jitter: try fields.integer("jitter", in: Self.milliseconds)))
        case .bandwidth: self = .bandwidth(Bandwidth(rate: try fields.integer("rate", in: Self.rates)))
        case .slicer: self = .slicer(try Self.slicer(fields))
        case .limitData: self = .limitData(bytes: try fields.integer("bytes", in: Self.totals))
        case .timeout: self = .timeout(milliseconds: try fields.integer("timeout", in: Self.milliseconds))
        case .resetPeer: self = .resetPeer(milliseconds: try fields.integer("timeout", in: Self.milliseconds))
        case .slowClose: self = .slowClose(milliseconds: try fields.integer("delay", in: Self.milliseconds))
        }
    }

    private static func slicer(_ fields: Fields) throws(APIFailure) -> Slicer {
        let size = try fields.integer("average_size", in: sizes)
        return Slicer(
            averageSize: size, sizeVariation: try fields.integer("size_variation", in: 0...(size - 1)),
            delay: try fields.integer("delay", in: microseconds))
    }

    var attributes: [(name: String, value: Int)] {
        switch self {
        case .latency(let latency): [("latency", latency.milliseconds), ("jitter", latency.jitter)]
        case .bandwidth(let bandwidth): [("rate", bandwidth.rate)]
        case .slicer(let slicer):
            [("average_size", slicer.averageSize), ("size_variation", slicer.sizeVariation), ("delay", slicer.delay)]
        case .limitData(let bytes): [("bytes", bytes)]
        case .timeout(let milliseconds), .resetPeer(let milliseconds): [("timeout", milliseconds)]
        case .slowClose(let milliseconds): [("delay", milliseconds)]
        }
    }
}
