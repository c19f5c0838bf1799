import AdapterKit
import Foundation
import Payments

@testable import Drawbridge

// MARK: - Toxiproxy and those behind it

extension QASetup {
    func proxyProblems(_ proxies: [QAProxy], _ compose: QACompose) -> [String] {
        let toxiproxy = compose.service(Self.proxyService)
        let file = toxiproxy?.command.first { $0.hasPrefix("-config=") }?.dropFirst("-config=".count).description ?? ""
        var behind = compose.mocks.map { (name: $0.name, port: $0.environment["MOCKSERVER_SERVER_PORT"] ?? "") }
        behind.append((name: "redis", port: "\(Self.redisPort)"))
        let ports = proxies.map(\.port)
        var problems = Self.broken([
            (toxiproxy?.mount(of: file)?.source == "./\(File.proxies.rawValue)", "toxiproxy is not started with its proxies"),
            (toxiproxy?.command.contains("-host=0.0.0.0") == true, "toxiproxy's API is out of reach"),
            (toxiproxy?.ports.map(\.container) == [Self.proxyControlPort], "toxiproxy's API is not published"),
            (Set(ports).count == ports.count, "two proxies share a port"),
        ])
        for (name, port) in behind where !proxies.contains(where: { $0.name == name && $0.upstream == "\(name):\(port)" }) {
            problems.append("no proxy leads to \(name)")
        }
        for proxy in proxies where !behind.contains(where: { $0.name == proxy.name }) {
            problems.append("the proxy \(proxy.name) leads nowhere")
        }
        return problems + compose.mocks.flatMap(mockProblems)
    }

    /// A MockServer finds its files, and is known by the name that Drawbridge calls.
    private func mockProblems(_ mock: QACompose.Service) -> [String] {
        let expectations = mock.environment["MOCKSERVER_INITIALIZATION_JSON_PATH"] ?? ""
        let folder = expectations.hasSuffix("/*.json") ? String(expectations.dropLast("/*.json".count)) : ""
        let source = mock.mount(of: folder)?.source ?? ""
        let files = try? FileManager.default.contentsOfDirectory(atPath: Self.repository.appendingPathComponent(source).path)
        let certificates = [
            "MOCKSERVER_TLS_X509_CERTIFICATE_PATH", "MOCKSERVER_TLS_PRIVATE_KEY_PATH",
            "MOCKSERVER_CERTIFICATE_AUTHORITY_X509_CERTIFICATE",
        ].map { mock.environment[$0] ?? "" }
        let problems = Self.broken([
            (source == "./mocks/expectations/\(mock.name)", "does not read its expectations"),
            (files?.contains { $0.hasSuffix(".json") } == true, "there are no expectations in \(source)"),
            (certificates.allSatisfy { isMade($0, in: mock) }, "its certificate is made by nobody"),
            (
                mock.environment["MOCKSERVER_ATTEMPT_TO_PROXY_IF_NO_MATCHING_EXPECTATION"] == "false",
                "sends on what it cannot answer"
            ),
            (mock.ports.map { "\($0.container)" } == [mock.environment["MOCKSERVER_SERVER_PORT"]], "is not published"),
        ])
        return problems.map { "\(mock.name): \($0)" }
    }

    /// Whether a path of a container is a file that the service `certificates` makes.
    private func isMade(_ path: String, in service: QACompose.Service) -> Bool { madeFile(path, in: service) != nil }

    /// What that service writes there.
    private func madeFile(_ path: String, in service: QACompose.Service) -> String? {
        guard let mount = service.mount(of: path), !mount.isBind else { return nil }
        return certificates[String(path.dropFirst(mount.target.count + 1))]
    }
}

// MARK: - The configuration

extension QASetup {
    func configurationProblems(_ proxies: [QAProxy], _ compose: QACompose) -> [String] {
        guard let service = compose.service("drawbridge"), let path = service.command.last else { return ["no drawbridge"] }
        guard service.command.dropLast() == ["serve", "--config"],
            service.mount(of: path)?.source == "./\(File.configuration.rawValue)"
        else { return ["drawbridge does not serve \(File.configuration.rawValue)"] }
        let (text, environment, missing) = withFilesAtHand(service, folder: LocalFile(path: path).folder)
        do {
            let configuration = try Configuration.read(
                text, file: LocalFile(path: path), environment: environment, adapters: .builtIn)
            return missing + agreementProblems(configuration, proxies, compose, service) + secretProblems(service)
                + addressProblems(proxies)
        } catch {
            return missing + error.all.map(\.description)
        }
    }

    /// The configuration's text and environment with each `file:` secret, which is only there in the container, given by a
    /// variable; and which of these files nobody makes.
    private func withFilesAtHand(
        _ service: QACompose.Service, folder: String
    ) -> (text: String, environment: [String: String], missing: [String]) {
        let files = Set(text(.configuration).matches(of: #/file:([\w\/.-]+)/#).map { String($0.output.1) }).sorted()
        var (text, environment) = (text(.configuration), service.environment)
        for (index, file) in files.enumerated() {
            environment["QA_MADE_\(index)"] = madeFile("\(folder)/\(file)", in: service)
            text = text.replacing("file:\(file)", with: "env:QA_MADE_\(index)")
        }
        let missing = files.map { "\(folder)/\($0)" }.filter { !isMade($0, in: service) }
        return (text, environment, missing.map { "the secret \($0) is made by nobody" })
    }

    /// Every address of the file, also one within an adapter's settings, is a proxy's.
    private func addressProblems(_ proxies: [QAProxy]) -> [String] {
        let ports = text(.configuration).matches(of: #/:\/\/([\w-]+):(\d+)/#).map { (host: $0.output.1, port: Int($0.output.2)) }
        return ports.filter { address in
            address.host != Self.proxyService || !proxies.contains { $0.port == address.port }
        }.map { "no proxy listens at \($0.host):\($0.port ?? 0)" }
    }

    private func agreementProblems(
        _ configuration: Configuration, _ proxies: [QAProxy], _ compose: QACompose, _ service: QACompose.Service
    ) -> [String] {
        let (listen, url) = (configuration.listen, configuration.state.redis.url)
        let listeners = [listen.api.address, listen.callbacks.address, listen.admin.address]
        let redis = compose.service("redis")?.command.joined(separator: " ") ?? ""
        let certificates = compose.service("certificates")?.command ?? []
        let problems = Self.broken([
            (listeners.allSatisfy { $0.host == "0.0.0.0" }, "a listener cannot be reached from outside its container"),
            (listeners.map(\.port).sorted() == service.ports.map(\.container).sorted(), "not the listeners' ports are published"),
            (
                url.host == Self.proxyService && proxies.contains { $0.name == "redis" && $0.port == url.port },
                "not Redis' proxy is called"
            ),
            (
                redis.contains("--appendonly yes") && redis.contains("--maxmemory-policy noeviction"),
                "Drawbridge refuses such a Redis"
            ),
            (certificates.dropFirst().contains(Self.proxyService), "no server certificate is made for \(Self.proxyService)"),
            (configuration.gateways.map(\.name).sorted() == compose.mocks.map(\.name).sorted(), "not every mock has its gateway"),
        ])
        return problems + configuration.gateways.flatMap { gatewayProblems($0, proxies, service) }
    }

    private func gatewayProblems(_ gateway: Configuration.Gateway, _ proxies: [QAProxy], _ service: QACompose.Service) -> [String]
    {
        let proxy = proxies.first { $0.name == gateway.name }
        let (ca, identity) = (gateway.tls.ca.file, gateway.tls.identity)
        let files = [ca, identity?.certificate, identity?.key].compactMap { $0?.path }
        var problems = Self.broken([
            (
                gateway.baseURL.address.description == "\(Self.proxyService):\(proxy?.port ?? 0)",
                "is not called through its proxy"
            ),
            (gateway.addresses == .any, "has a private address"),
            (ca != nil, "has a certificate that the system's authorities did not sign"),
        ])
        problems += files.filter { !isMade($0, in: service) }.map { "\($0) is made by nobody" }
        return problems.map { "gateways.\(gateway.name): \($0)" }
    }

    /// Each `env:` of the file is set, which its reading has shown; and nothing else is.
    private func secretProblems(_ service: QACompose.Service) -> [String] {
        let used = Set(text(.configuration).matches(of: #/env:([A-Z0-9_]+)/#).map { String($0.output.1) })
        return service.environment.keys.filter { !used.contains($0) }.sorted().map { "drawbridge: nothing reads \($0)" }
    }
}

extension Configuration.ClientTLS.Authorities {
    fileprivate var file: LocalFile? {
        if case .file(let file) = self { file } else { nil }
    }
}
