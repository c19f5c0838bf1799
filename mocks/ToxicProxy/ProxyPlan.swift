import AdapterKit

/// What a proxy is to be: where it listens, where it leads to, whether it is open.
struct ProxyPlan: Sendable, Equatable {
    let name: String
    let listen: Address
    let upstream: Address
    let isEnabled: Bool

    private static let members = ["name", "listen", "upstream", "enabled", "toxics"]

    /// Reads the body of `POST /proxies`. Toxics in it are passed over, as Toxiproxy does.
    init(_ body: JSON) throws(APIFailure) {
        let fields = try Fields(body, of: "proxy", known: Self.members)
        guard let name = try fields.text("name"), !name.isEmpty else { throw .missing("name") }
        guard ProxyName.isValid(name) else { throw .badBody("name of proxy: \(ProxyName.rule)") }
        guard let upstream = try Self.address("upstream", fields) else { throw .missing("upstream") }
        self.name = name
        self.upstream = upstream
        listen = try Self.address("listen", fields) ?? Address(host: "127.0.0.1", port: 0)
        isEnabled = try fields.flag("enabled") ?? true
    }

    /// Reads the body of `PATCH /proxies/{proxy}`: what it leaves out stays, and so does the name.
    init(_ body: JSON, changing current: ProxyPlan) throws(APIFailure) {
        let fields = try Fields(body, of: "proxy", known: Self.members)
        name = current.name
        listen = try Self.address("listen", fields) ?? current.listen
        upstream = try Self.address("upstream", fields) ?? current.upstream
        isEnabled = try fields.flag("enabled") ?? current.isEnabled
    }

    private init(_ plan: ProxyPlan, listen: Address, isEnabled: Bool) {
        (name, upstream, self.listen, self.isEnabled) = (plan.name, plan.upstream, listen, isEnabled)
    }

    /// The same where it really listens.
    func listening(on port: Int) -> ProxyPlan {
        ProxyPlan(self, listen: Address(host: listen.host, port: port), isEnabled: true)
    }

    var disabled: ProxyPlan { ProxyPlan(self, listen: listen, isEnabled: false) }

    /// Reads the body of `POST /populate`: all of it, before anything is changed.
    static func all(_ body: JSON) throws(APIFailure) -> [ProxyPlan] {
        guard let elements = body.elements else { throw .badBody("not an array of proxies") }
        var plans: [ProxyPlan] = []
        for element in elements {
            let plan = try ProxyPlan(element)
            guard !plans.contains(where: { $0.name == plan.name }) else { throw .badBody("two proxies called \(plan.name)") }
            plans.append(plan)
        }
        return plans
    }

    private static func address(_ name: String, _ fields: Fields) throws(APIFailure) -> Address? {
        guard let text = try fields.text(name), !text.isEmpty else { return nil }
        guard let address = Address(text) else { throw .badBody("\(name) of proxy is not host:port") }
        return address
    }
}
