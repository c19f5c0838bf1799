import AdapterKit

/// All proxies, and what the API does to them. Its requests must come one after the other (`RequestLine`).
actor ProxyCollection {
    private static let maximumProxies = 100

    private var proxies: [String: Proxy] = [:]
    private var dice: Dice

    init(seed: UInt64) { dice = Dice(seed: seed) }

    var json: JSON { .members(proxies.sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) }) }

    func proxy(_ name: String) throws(APIFailure) -> Proxy {
        guard let proxy = proxies[name] else { throw .proxyNotFound }
        return proxy
    }

    func create(_ plan: ProxyPlan) async throws(APIFailure) -> Proxy {
        guard proxies[plan.name] == nil else { throw .proxyAlreadyExists }
        return try await place(plan)
    }

    /// Leaves alone a proxy whose addresses are those of the plan.
    func populate(_ plan: ProxyPlan) async throws(APIFailure) -> Proxy {
        if var present = proxies[plan.name] {
            if present.plan.listen == plan.listen, present.plan.upstream == plan.upstream { return present }
            await present.close()
            proxies[plan.name] = nil
        }
        return try await place(plan)
    }

    private func place(_ plan: ProxyPlan) async throws(APIFailure) -> Proxy {
        guard proxies.count < Self.maximumProxies else { throw .badBody("too many proxies") }
        var proxy = Proxy(plan, traffic: Traffic(seed: dice.next()))
        if plan.isEnabled { try await proxy.open() }
        proxies[plan.name] = proxy
        return proxy
    }

    /// Keeps what became of the proxy also where it could not be opened again.
    func update(_ name: String, _ body: JSON) async throws(APIFailure) -> Proxy {
        var proxy = try proxy(name)
        defer { proxies[name] = proxy }
        try await proxy.follow(try ProxyPlan(body, changing: proxy.plan))
        return proxy
    }

    func delete(_ name: String) async throws(APIFailure) {
        var proxy = try proxy(name)
        proxies[name] = nil
        await proxy.close()
    }

    /// Opens every proxy and takes away every toxic.
    func reset() async throws(APIFailure) {
        for var proxy in Array(proxies.values) {
            try await proxy.open()
            proxies[proxy.plan.name] = proxy
            for toxic in proxy.traffic.toxics { try await proxy.traffic.remove(toxic.name) }
        }
    }

    func closeAll() async {
        for var proxy in Array(proxies.values) { await proxy.close() }
        proxies = [:]
    }
}
