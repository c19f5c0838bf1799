import AdapterKit
import NIOHTTP1

/// Toxiproxy's HTTP API (README.md and api.go of Shopify/toxiproxy 2).
struct ProxyAPI: Sendable {
    /// Which API this is; what follows the hyphen says that it is not the original.
    static let version = "2.12.0-drawbridge"

    struct Request: Sendable {
        let method: HTTPMethod
        let path: String
        let userAgent: String?
        let body: [UInt8]
    }

    struct Answer: Sendable, Equatable {
        let status: Int
        /// `nil` for an answer without a body.
        let body: JSON?

        static let noContent = Answer(status: 204, body: nil)
        static func ok(_ body: JSON) -> Answer { Answer(status: 200, body: body) }
        static func created(_ body: JSON) -> Answer { Answer(status: 201, body: body) }
        static func refused(_ failure: APIFailure) -> Answer { Answer(status: failure.status, body: failure.json) }
    }

    let proxies: ProxyCollection

    func answer(_ request: Request) async -> Answer {
        // A page in a browser could otherwise post here.
        if request.userAgent?.hasPrefix("Mozilla/") == true { return .refused(.browser) }
        do throws(APIFailure) { return try await route(request) } catch { return .refused(error) }
    }

    private func route(_ request: Request) async throws(APIFailure) -> Answer {
        let path = request.path.split(separator: "/").map(String.init)
        switch (path.first, path.count) {
        case ("version", 1): return try version(request)
        case ("reset", 1): return try await reset(request)
        case ("populate", 1): return try await populate(request)
        case ("proxies", 1): return try await collection(request)
        case ("proxies", 2): return try await proxy(path[1], request)
        case ("proxies", 3) where path[2] == "toxics": return try await toxics(of: path[1], request)
        case ("proxies", 4) where path[2] == "toxics": return try await toxic(path[3], of: path[1], request)
        default: throw .pathNotFound
        }
    }

    private func version(_ request: Request) throws(APIFailure) -> Answer {
        guard request.method == .GET else { throw .methodNotAllowed }
        return .ok(.members([("version", .string(Self.version))]))
    }

    private func reset(_ request: Request) async throws(APIFailure) -> Answer {
        guard request.method == .POST else { throw .methodNotAllowed }
        try await proxies.reset()
        return .noContent
    }

    private func populate(_ request: Request) async throws(APIFailure) -> Answer {
        guard request.method == .POST else { throw .methodNotAllowed }
        var populated: [JSON] = []
        for plan in try ProxyPlan.all(try request.json()) { populated.append(try await proxies.populate(plan).json) }
        return .created(.members([("proxies", .array(populated))]))
    }

    private func collection(_ request: Request) async throws(APIFailure) -> Answer {
        switch request.method {
        case .GET: return .ok(await proxies.json)
        case .POST: return .created(try await proxies.create(try ProxyPlan(try request.json())).json)
        default: throw .methodNotAllowed
        }
    }

    private func proxy(_ name: String, _ request: Request) async throws(APIFailure) -> Answer {
        let proxy = try await proxies.proxy(name)
        switch request.method {
        case .GET: return .ok(proxy.json)
        case .POST, .PATCH: return .ok(try await proxies.update(name, try request.json()).json)
        case .DELETE:
            try await proxies.delete(name)
            return .noContent
        default: throw .methodNotAllowed
        }
    }

    private func toxics(of name: String, _ request: Request) async throws(APIFailure) -> Answer {
        let traffic = try await proxies.proxy(name).traffic
        switch request.method {
        case .GET: return .ok(.array(traffic.toxics.map(\.json)))
        case .POST:
            let toxic = try Toxic(try request.json())
            try await traffic.add(toxic)
            return .ok(toxic.json)
        default: throw .methodNotAllowed
        }
    }

    private func toxic(_ name: String, of proxy: String, _ request: Request) async throws(APIFailure) -> Answer {
        let traffic = try await proxies.proxy(proxy).traffic
        guard let toxic = traffic.toxics.first(where: { $0.name == name }) else { throw .toxicNotFound }
        switch request.method {
        case .GET: return .ok(toxic.json)
        case .POST, .PATCH: return .ok(try await traffic.update(name, try request.json()).json)
        case .DELETE:
            try await traffic.remove(name)
            return .noContent
        default: throw .methodNotAllowed
        }
    }
}

extension ProxyAPI.Request {
    fileprivate func json() throws(APIFailure) -> JSON {
        do throws(JSONFailure) { return try JSON(parsing: body) } catch {
            throw .badBody("\(error.reason.rawValue) at byte \(error.offset)")
        }
    }
}
