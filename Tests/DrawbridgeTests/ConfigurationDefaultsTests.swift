import AdapterKit
import Payments
import Testing

@testable import Drawbridge

@Suite struct ConfigurationDefaultsTests {
    /// contract/config.md with every default written out; tenants, gateways and routes as it shows them.
    static let contract = """
        deployment: drawbridge
        listen:
          api:       { address: 127.0.0.1:8080, tls: null }
          callbacks: { address: 127.0.0.1:8081, tls: null }
          admin:     { address: 127.0.0.1:9090, token: null }
        state:
          backend: memory
          redis:
            url: redis://127.0.0.1:6379/0
            credentials: null
            timeout: 500ms
            wait_replicas: 0
            key_prefix: "db:"
          retention: 100d
          keys_kept: 400d
        encryption:
          keys: []
        tenants:
          acme-123:
            auth: hmac
            keys:
              - { id: pay-bff-2025-01, secret: env:ACME_KEY, not_after: null }
            jwt: null
            rate: { per_second: 500, burst: 1000 }
            gateways: all
            webhooks: []
        gateways:
          bank-a:
            adapter: bank-hmac
            base_url: https://bank.example:9443
            settings: { tenant: acme }
            tls:
              ca: system
              certificate: null
              key: null
              pins: []
              min_version: "1.3"
            proxy: null
            allow_private_addresses: false
            timeout: { connect: 1s, attempt: 3s }
            retry: { max_retries: 3, base: 1s, factor: 2, max: 8s, jitter: full, budget: { ratio: 0.2, min_per_second: 3 } }
            breaker: { consecutive_failures: 5, failure_rate: null, window: 30s, min_calls: 20, slow_call: null, open_for: 60s, half_open_probes: 1 }
            limits: { concurrency: 512, per_second: null }
            inquiry: { first_after: 2s, factor: 2, max: 5m, give_up_after: 24h }
            callback: null
        routes:
          - match: { method: null, currency: null, tenant: null, min_amount: null, max_amount: null }
            gateways: [bank-a]
            failover_on_declines: []
        payments:
          deadline: 7s
        queue:
          retry: { first: 30s, factor: 2, max: 10m }
          give_up_after: 1h
        log: { level: info, format: json }
        tracing: { otlp_endpoint: null, sample: 0.05 }
        """

    /// The same file with everything left out that has a default.
    static let bare = """
        tenants:
          acme-123: { keys: [{ id: pay-bff-2025-01, secret: env:ACME_KEY }] }
        gateways:
          bank-a: { adapter: bank-hmac, base_url: "https://bank.example:9443", settings: { tenant: acme } }
        routes:
          - gateways: [bank-a]
        """

    private static func read(_ text: String) throws -> Configuration {
        try ConfigurationText.read(text, environment: ["ACME_KEY": "0123456789abcdef"])
    }

    @Test("what the contract shows as default is what is taken when nothing is said")
    func defaults() throws {
        let written = try Self.read(Self.contract)
        let bare = try Self.read(Self.bare)
        #expect(written.deployment == bare.deployment)
        #expect(written.listen == bare.listen)
        #expect(written.state == bare.state)
        #expect(written.encryption == bare.encryption)
        #expect(written.tenants == bare.tenants)
        #expect(written.routes == bare.routes)
        #expect(written.payments == bare.payments)
        #expect(written.queue == bare.queue)
        #expect(written.log == bare.log)
        #expect(written.tracing == bare.tracing)
    }

    @Test("the same for a gateway")
    func gatewayDefaults() throws {
        let written = try #require(try Self.read(Self.contract).gateways.first)
        let bare = try #require(try Self.read(Self.bare).gateways.first)
        #expect(written.baseURL == bare.baseURL)
        #expect(written.tls == bare.tls)
        #expect(written.proxy == nil && bare.proxy == nil)
        #expect(written.addresses == bare.addresses)
        #expect(written.timeout == bare.timeout)
        #expect(written.retry == bare.retry)
        #expect(written.breaker == bare.breaker)
        #expect(written.limits == bare.limits)
        #expect(written.inquiry == bare.inquiry)
        #expect(written.callback == nil && bare.callback == nil)
    }

    @Test("null stands for the default of any key that has one, sections included")
    func null() throws {
        let configuration = try ConfigurationText.read(
            ConfigurationText.minimal + "\nlisten: null\nstate: ~\npayments: { deadline: null }\nlog: { level: }\n")
        #expect(configuration.listen == Configuration.Listen())
        #expect(configuration.state == Configuration.State())
        #expect(configuration.payments.deadline == .seconds(7))
        #expect(configuration.log.level == .info)
    }

    @Test("where one of two durations is set, the other's default does not stand in its way")
    func defaultsGiveWay() throws {
        let more = "\nstate: { keys_kept: 1h }\nqueue: { give_up_after: 500ms, retry: { max: 1s } }"
        let text = ConfigurationText.minimal.replacing(
            "settings: {", with: "timeout: { attempt: 500ms }, inquiry: { max: 1s }, settings: {")
        let configuration = try ConfigurationText.read(text + more)
        #expect(configuration.gateways.first?.timeout.attempt == .milliseconds(500))
        #expect(configuration.queue.retry.max == .seconds(1))
    }

    @Test("every value that is written is read")
    func values() throws {
        let configuration = try ConfigurationText.read(Self.everything)
        #expect(configuration.deployment == "drawbridge-eu")
        #expect(configuration.listen.api.address.description == "[::1]:0")
        #expect(configuration.state.keysKept == .seconds(30 * 86_400))
        #expect(configuration.tenants.first?.gateways == .only(["bank-a"]))
        #expect(configuration.tenants.first?.rate == Configuration.Rate(perSecond: 5, burst: 7))
        let gateway = try #require(configuration.gateways.first)
        #expect(gateway.baseURL.description == "http://127.0.0.1:9443/bank")
        #expect(gateway.tls.ca == .file(LocalFile(path: "/etc/drawbridge/ca.pem")))
        #expect(gateway.tls.identity?.key == LocalFile(path: "/run/key.pem"))
        #expect(gateway.tls.minVersion == .v12)
        #expect(gateway.timeout == Configuration.Timeout(connect: .milliseconds(250), attempt: .seconds(2)))
        #expect(gateway.breaker.failureRate == 0.5)
        #expect(gateway.breaker.slowCall == .seconds(2))
        #expect(gateway.limits == Configuration.Limits(concurrency: 8, perSecond: 100))
        #expect((gateway.adapter as? SettingsOnlyAdapter)?.secrets == [Secret(text: "k3y-for-tests-only")])
        let route = try #require(configuration.routes.first)
        #expect(route.match.methods == [.card, .bankTransfer])
        #expect(route.match.currencies?.map(\.code) == ["BRL", "USD"])
        #expect(route.match.minAmount == 100)
        #expect(route.failoverOnDeclines == [.issuerUnavailable])
        #expect(configuration.tracing.sample == 1)
    }

    private static let everything = """
        deployment: drawbridge-eu
        listen:
          api: { address: "[::1]:0" }
        state: { retention: 20d, keys_kept: 30d }
        tenants:
          demo: { auth: none, gateways: [bank-a], rate: { per_second: 5, burst: 7 } }
        gateways:
          bank-a:
            adapter: bank-hmac
            base_url: http://127.0.0.1:9443/bank/
            settings: { tenant: acme, keys: [{ secret: "text:k3y-for-tests-only" }] }
            tls: { ca: ca.pem, certificate: client.pem, key: "file:/run/key.pem", min_version: 1.2 }
            timeout: { connect: 250ms, attempt: 2s }
            breaker: { failure_rate: 0.5, slow_call: 2s }
            limits: { concurrency: 8, per_second: 100 }
        routes:
          - match: { method: [card, bank_transfer], currency: [BRL, USD], min_amount: 100 }
            gateways: [bank-a]
            failover_on_declines: [issuer_unavailable]
        tracing: { sample: 1 }
        """

    @Test("the endpoint carries what the gateway's section says")
    func endpoint() throws {
        let configuration = try ConfigurationText.read(ConfigurationText.minimal)
        let endpoint = try #require(configuration.gateways.first).endpoint(of: configuration)
        #expect(endpoint == Endpoint(scheme: .https, host: "bank.example", port: 9443, purpose: "bank-a"))
    }
}
