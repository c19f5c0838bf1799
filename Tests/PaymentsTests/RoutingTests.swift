import AdapterKit
import TestKit
import Testing

@testable import Payments

@Suite("Routing")
struct RoutingTests {
    private let gateways: [Gateway]

    init() throws {
        gateways = try ["bank-a", "bank-b", "bank-c"].map { try World.gateway($0) }
    }

    private func names(
        _ routes: [Routing.Route], allowed: [String: Set<String>] = [:], method: PaymentMethod.Kind = .card, amount: Int64 = 100,
        currency: String = "EUR", tenant: String = "acme", pinned: String? = nil
    ) throws -> [String] {
        let money = Money(minorUnits: amount, currency: try #require(Currency(currency)))
        return Routing(routes: routes, gateways: gateways, allowed: allowed)
            .candidates(for: .payment, method: method, money: money, tenant: tenant, pinned: pinned).map(\.name)
    }

    @Test("the first route that matches gives its gateways, in order; none gives none")
    func firstMatch() throws {
        let routes = [
            Routing.Route(methods: [.pix], gateways: ["bank-c"]),
            .init(currencies: [try #require(Currency("BRL"))], gateways: ["bank-b"]),
            .init(gateways: ["bank-b", "bank-a"]), .init(gateways: ["bank-c"]),
        ]
        #expect(try names(routes) == ["bank-b", "bank-a"])
        #expect(try names(routes, method: .pix, currency: "BRL") == ["bank-c"])
        #expect(try names(routes, currency: "BRL") == ["bank-b"])
        #expect(try names([]) == [])
        #expect(try names([.init(methods: [.upi], gateways: ["bank-a"])]) == [])
    }

    @Test(
        "amounts at the bounds of a route match, beyond them not", arguments: [(9, false), (10, true), (20, true), (21, false)])
    func amounts(amount: Int64, matches: Bool) throws {
        let route = Routing.Route(minimumAmount: 10, maximumAmount: 20, gateways: ["bank-a"])
        #expect(try names([route], amount: amount) == (matches ? ["bank-a"] : []))
    }

    @Test("a route for other tenants does not match")
    func tenants() throws {
        let routes = [Routing.Route(tenants: ["other"], gateways: ["bank-a"]), .init(gateways: ["bank-b"])]
        #expect(try names(routes) == ["bank-b"])
        #expect(try names(routes, tenant: "other") == ["bank-a"])
    }

    @Test("a pinned gateway is the only candidate, and none where it does not exist or is not the tenant's")
    func pinned() throws {
        let routes = [Routing.Route(gateways: ["bank-a", "bank-b"])]
        #expect(try names(routes, pinned: "bank-c") == ["bank-c"])
        #expect(try names(routes, pinned: "bank-z") == [])
        #expect(try names(routes, allowed: ["acme": ["bank-a"]], pinned: "bank-b") == [])
    }

    @Test("a tenant goes only where it may, without falling through to another route")
    func allowed() throws {
        let routes = [Routing.Route(gateways: ["bank-a", "bank-b"]), .init(gateways: ["bank-c"])]
        #expect(try names(routes, allowed: ["acme": ["bank-b", "bank-c"]]) == ["bank-b"])
        #expect(try names(routes, allowed: ["acme": ["bank-c"]]) == [])
        #expect(try names(routes, allowed: ["acme": []]) == [])
        #expect(try names(routes, allowed: ["other": ["bank-c"]]) == ["bank-a", "bank-b"])
    }

    @Test("a route to a gateway that is not configured passes it over")
    func unknownGateway() throws {
        #expect(try names([.init(gateways: ["bank-z", "bank-a"])]) == ["bank-a"])
    }

    @Test("another account, address or adapter is another identity (O5)")
    func identity() throws {
        let usual = try World.gateway("bank-a")
        #expect(usual.identity == (try World.gateway("bank-a").identity))
        #expect(usual.identity != (try World.gateway("bank-a", account: "acme-456").identity))
        #expect(usual.identity != (try World.gateway("bank-b").identity))
        let identities = [
            Derivation.identity(adapter: "x", baseURL: "https://a", account: ["1", "2"]),
            Derivation.identity(adapter: "y", baseURL: "https://a", account: ["1", "2"]),
            Derivation.identity(adapter: "x", baseURL: "https://a", account: ["12"]),
            Derivation.identity(adapter: "x", baseURL: "https://a", account: ["1", "2", ""]),
        ]
        #expect(Set(identities).count == 4)
    }

    // MARK: O3

    @Test("a reference may be repeated for ever, never, or for three quarters of its life (O3)")
    func mayRepeat() throws {
        func capabilities(_ idempotency: Capabilities.Idempotency) -> Capabilities {
            var capabilities = gateways[0].adapter.capabilities
            capabilities.idempotency = idempotency
            return capabilities
        }
        let (forever, never, day) = (capabilities(.forever), capabilities(.none), capabilities(.limited(.seconds(400))))
        #expect(forever.mayRepeat(after: .seconds(1_000_000_000)))
        #expect(!never.mayRepeat(after: .zero))
        #expect(day.mayRepeat(after: .zero))
        #expect(day.mayRepeat(after: .seconds(300) - .milliseconds(1)))
        #expect(!day.mayRepeat(after: .seconds(300)))
        #expect(!day.mayRepeat(after: .seconds(400)))
    }
}
