import Foundation
import Testing

@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"))) struct QASetupTests {
    /// One change to one text, and words of what must be said about it.
    struct Mistake: CustomTestStringConvertible {
        let file: QASetup.File
        let text: String
        let replacement: String
        let problem: String
        var testDescription: String { "\(file.rawValue): \(text) -> \(replacement)" }

        init(_ file: QASetup.File, _ text: String, _ replacement: String, _ problem: String) {
            (self.file, self.text, self.replacement, self.problem) = (file, text, replacement, problem)
        }
    }

    @Test func `every file, port and name of QA's containers is there and agrees with the configuration`() throws {
        let problems = try QASetup().problems()
        #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
    }

    static let mistakes = [
        Mistake(.compose, "./config/qa.yaml:", "./config/other.yaml:", "drawbridge does not serve config/qa.yaml"),
        Mistake(.compose, "./config/qa.yaml:", "./config/other.yaml:", "drawbridge: ./config/other.yaml is not there"),
        Mistake(.compose, "./mocks/expectations/pix:", "./mocks/expectations/stripe:", "pix: does not read its expectations"),
        Mistake(.compose, "./mocks/expectations/pix:", "./mocks/expectations/pox:", "there are no expectations in ./mocks"),
        Mistake(.compose, "/expectations/*.json", "/stubs/*.json", "bank-hmac: does not read its expectations"),
        Mistake(.compose, "./mocks/toxiproxy.compose.json:", "./mocks/none.json:", "toxiproxy is not started with its proxies"),
        Mistake(
            .compose, "-config=/config/toxiproxy.json", "-config=/toxiproxy.json", "toxiproxy is not started with its proxies"),
        Mistake(.compose, "-host=0.0.0.0, ", "", "toxiproxy's API is out of reach"),
        Mistake(.compose, "127.0.0.1:8474:8474", "127.0.0.1:8474:8475", "toxiproxy's API is not published"),
        Mistake(.compose, "127.0.0.1:9090:9090", "127.0.0.1:9090:9091", "not the listeners' ports are published"),
        Mistake(.compose, "127.0.0.1:8081:8081", "127.0.0.1:8080:8081", "a port of the host is published twice"),
        Mistake(.compose, "127.0.0.1:8080:8080", "8080:8080", "drawbridge: publishes beyond 127.0.0.1"),
        Mistake(.compose, "127.0.0.1:1083:1080", "127.0.0.1:1083:1081", "npci-upi: is not published"),
        Mistake(.compose, "MOCKSERVER_SERVER_PORT: \"1080\"", "MOCKSERVER_SERVER_PORT: \"1090\"", "no proxy leads to stripe"),
        Mistake(.compose, "/certificates/server.pem", "/certificates/mock.pem", "stripe: its certificate is made by nobody"),
        Mistake(.compose, "/certificates/ca.pem", "/certificates/authority.pem", "pix: its certificate is made by nobody"),
        Mistake(.compose, "[/certificates, toxiproxy]", "[/certificates, proxy]", "no server certificate is made for toxiproxy"),
        Mistake(.compose, "EXPECTATION: \"false\"", "EXPECTATION: \"true\"", "pix: sends on what it cannot answer"),
        Mistake(.compose, "read_only: true", "read_only: false", "redis: its root file system is not read-only"),
        Mistake(.compose, "cap_drop: [ALL]", "cap_drop: [NET_RAW]", "toxiproxy: it keeps capabilities"),
        Mistake(.compose, "security_opt: [no-new-privileges:true]", "privileged: true", "drawbridge: it is given privileges"),
        Mistake(.compose, "user: redis", "user: root", "redis: it runs as root"),
        Mistake(.compose, "redis:7.4.2-alpine", "redis:latest", "redis: its image has no version"),
        Mistake(.compose, "shopify/toxiproxy:2.12.0", "shopify/toxiproxy", "toxiproxy: its image has no version"),
        Mistake(.compose, "--appendonly, \"yes\"", "--appendonly, \"no\"", "Drawbridge refuses such a Redis"),
        Mistake(.compose, "target: drawbridge }", "target: run }", "drawbridge: the Dockerfile has no stage run"),
        Mistake(.compose, "dockerfile: deploy/Dockerfile", "dockerfile: Dockerfile", "Dockerfile is not the Dockerfile"),
        Mistake(.compose, "redis: { condition", "rediss: { condition", "drawbridge: depends on rediss, which is no service"),
        Mistake(
            .compose, "healthcheck: { test: [CMD, redis-cli, ping], interval: 5s, timeout: 3s, retries: 12 }", "",
            "waits for the health of redis, which nothing checks"),
        Mistake(.compose, "- redis:/data", "- data:/data", "redis: data is not there"),
        Mistake(.compose, "- redis:/data", "- data:/data", "the volume redis is not used"),
        Mistake(.compose, "QA_RING: ", "QA_KEY: ", "encryption.keys[0].key"),
        Mistake(.compose, "QA_RING: ", "QA_KEY: a\n      QA_RING: ", "nothing reads QA_KEY"),
        Mistake(
            .compose, "${QA_ADMIN_TOKEN:-qa-only-admin-token}", "${QA_ADMIN_TOKEN}", "drawbridge: QA_ADMIN_TOKEN has no default"),
        Mistake(.compose, "services:", "services: [", "compose.yaml or the file of the proxies cannot be read"),
        Mistake(.proxies, "0.0.0.0:19443", "127.0.0.1:19443", "compose.yaml or the file of the proxies cannot be read"),
        Mistake(.proxies, "0.0.0.0:19444", "0.0.0.0:19443", "two proxies share a port"),
        Mistake(.proxies, "0.0.0.0:19443", "0.0.0.0:29443", "gateways.bank-hmac: is not called through its proxy"),
        Mistake(.proxies, "\"pix:1080\"", "\"stripe:1080\"", "no proxy leads to pix"),
        Mistake(.proxies, "redis:6379", "redis:6380", "no proxy leads to redis"),
        Mistake(.proxies, "\"name\": \"npci-upi\"", "\"name\": \"upi\"", "the proxy upi leads nowhere"),
        Mistake(.configuration, "toxiproxy:19443", "bank-hmac:19443", "gateways.bank-hmac: is not called through its proxy"),
        Mistake(.configuration, "toxiproxy:16379", "redis:6379", "not Redis' proxy is called"),
        Mistake(.configuration, "0.0.0.0:8080", "127.0.0.1:8080", "a listener cannot be reached"),
        Mistake(.configuration, "allow_private_addresses: true", "allow_private_addresses: false", "has a private address"),
        Mistake(.configuration, "certificates/ca.pem", "system", "has a certificate that the system's"),
        Mistake(.configuration, "certificates/client.key", "tls/client.key", "/config/tls/client.key is made by nobody"),
        Mistake(.configuration, "file:certificates/upi.key", "file:upi.key", "the secret /config/upi.key is made by nobody"),
        Mistake(.configuration, "toxiproxy:19445/oauth", "toxiproxy:1080/oauth", "no proxy listens at toxiproxy:1080"),
        Mistake(.configuration, "  pix:", "  pix-a:", "routes[0].gateways[0]"),
        Mistake(.configuration, "env:QA_UPI_SECRET", "env:QA_NPCI_SECRET", "gateways.npci-upi.settings.keys"),
        Mistake(.configuration, "backend: redis", "backend: memory", "state.backend"),
        Mistake(.configuration, "toxiproxy:19445/api", "toxiproxy:19444/api", "gateways.pix: is not called through its proxy"),
        Mistake(.configuration, "certificates/upi.key", "certificates/upi.pub", "gateways.npci-upi.settings.payload_key"),
        Mistake(
            .configuration, "certificates/upi-facade.pub", "certificates/facade.pub", "gateways.npci-upi.callback.payload_key"),
        Mistake(.configuration, "env:QA_BANK_HMAC_SECRET", "text:secret", "gateways.bank-hmac.settings.secret"),
        Mistake(.configuration, "adapter: bank-hmac", "adapter: bank-hmak", "gateways.bank-hmac.adapter"),
        Mistake(.dockerfile, "COPY Sources ./Sources", "COPY Source ./Sources", "deploy/Dockerfile: Source is not there"),
        Mistake(.dockerfile, "COPY mocks ./mocks\n", "", "a target of Package.swift lies in mocks"),
        Mistake(.dockerfile, "--product drawbridge", "--product gateway", "Package.swift has no product gateway"),
        Mistake(.dockerfile, "--from=build", "--from=builder", "deploy/Dockerfile: no stage builder"),
        Mistake(.dockerfile, "debian:bookworm-slim AS drawbridge", "debian AS drawbridge", "debian has no version"),
        Mistake(.dockerfile, "USER 65532:65532", "", "drawbridge runs as root"),
        Mistake(.dockerfile, "HEALTHCHECK --interval", "LABEL --interval", "drawbridge: nothing checks its health"),
        Mistake(.dockerignore, "!Tests", "", ".dockerignore keeps Tests out"),
        Mistake(.manifest, "path: \"mocks/TestKit\"", "path: \"Support/TestKit\"", "a target of Package.swift lies in Support"),
    ]

    @Test("a mistake is told", arguments: mistakes)
    func mistake(mistake: Mistake) throws {
        var setup = try QASetup()
        let text = setup.text(mistake.file)
        try #require(text.contains(mistake.text))
        setup.texts[mistake.file] = text.replacing(mistake.text, with: mistake.replacement)
        let problems = setup.problems()
        #expect(problems.contains { $0.contains(mistake.problem) }, "\(problems.joined(separator: "\n"))")
    }
}
