import AdapterKit
import Foundation

/// compose.yaml, and what must hold of it alone.
struct QACompose {
    let services: [Service]
    let volumes: [String]

    init(_ document: JSON) {
        services = (document["services"]?.members ?? []).map { Service(name: $0.name, definition: $0.value) }
        volumes = document["volumes"]?.names ?? []
    }

    func service(_ name: String) -> Service? { services.first { $0.name == name } }

    /// The services that play gateways.
    var mocks: [Service] { services.filter { $0.image.hasPrefix(QASetup.mockServerImage) } }

    func problems(image: QAImage) -> [String] {
        let mounted = services.flatMap(\.mounts).map(\.source)
        let hosts = services.flatMap(\.ports).map(\.host)
        var problems = services.flatMap { self.problems(of: $0, image: image) }
        problems += volumes.filter { !mounted.contains($0) }.map { "the volume \($0) is not used" }
        return problems + QASetup.broken([(Set(hosts).count == hosts.count, "a port of the host is published twice")])
    }

    private func problems(of service: Service, image: QAImage) -> [String] {
        let missing = service.mounts.filter { $0.isBind ? !QASetup.exists($0.source) : !volumes.contains($0.source) }
        var problems = service.hardeningProblems + service.buildProblems(image) + service.malformed
        let ends = service.definition["restart"]?.text == "no"
        problems += QASetup.broken([(ends || isChecked(service, image), "nothing checks its health")])
        problems += missing.map { "\($0.source) is not there" }
        problems += service.definition.names(of: "depends_on").flatMap { dependencyProblems($0, of: service, image: image) }
        return problems.map { "\(service.name): \($0)" }
    }

    private func dependencyProblems(_ name: String, of service: Service, image: QAImage) -> [String] {
        guard let other = self.service(name) else { return ["depends on \(name), which is no service"] }
        let condition = service.definition["depends_on"]?[name]?["condition"]?.text
        let waitsInVain = condition == "service_healthy" && !isChecked(other, image)
        return waitsInVain ? ["waits for the health of \(name), which nothing checks"] : []
    }

    private func isChecked(_ service: Service, _ image: QAImage) -> Bool {
        service.definition["healthcheck"] != nil || service.image.hasPrefix(QASetup.mockServerImage)
            || image.stage(service.target)?.hasHealthCheck == true
    }
}

extension QACompose {
    struct Service {
        let name: String
        let definition: JSON
    }

    struct Mount {
        let source: String
        let target: String
        var isBind: Bool { source.hasPrefix("./") }
    }

    struct Port {
        let host: String
        let container: Int
    }
}

extension QACompose.Service {
    var image: String { definition["image"]?.text ?? "" }
    var command: [String] { definition["command"]?.names ?? [] }
    var target: String? { definition["build"]?["target"]?.text }

    /// The variables as they are when nobody sets those of compose's own.
    var environment: [String: String] {
        let pairs = (definition["environment"]?.members ?? []).map { ($0.name, $0.value.text ?? "") }
        return Dictionary(uniqueKeysWithValues: pairs).mapValues { value in
            value.wholeMatch(of: #/\$\{[A-Z_]+:-(.*)\}/#).map { String($0.output.1) } ?? value
        }
    }

    var mounts: [QACompose.Mount] {
        definition.names(of: "volumes").map { text in
            let parts = text.split(separator: ":").map(String.init)
            return QACompose.Mount(source: parts.first ?? "", target: parts.count > 1 ? parts[1] : "")
        }
    }

    /// The mount below which a path of the container lies.
    func mount(of path: String) -> QACompose.Mount? { mounts.first { path == $0.target || path.hasPrefix("\($0.target)/") } }

    /// Only what is published on the host's loopback counts.
    var ports: [QACompose.Port] {
        definition.names(of: "ports").compactMap { text in
            guard let match = text.wholeMatch(of: #/127\.0\.0\.1:(\d+):(\d+)/#), let container = Int(match.output.2) else {
                return nil
            }
            return QACompose.Port(host: String(match.output.1), container: container)
        }
    }

    fileprivate var malformed: [String] {
        let (ports, published) = (definition.names(of: "ports"), ports.count)
        let unset = environment.filter { $0.value.contains("${") }.keys.sorted()
        return QASetup.broken([(ports.count == published, "publishes beyond 127.0.0.1, or not as HOST:PORT:PORT")])
            + unset.map { "\($0) has no default" }
    }

    fileprivate var hardeningProblems: [String] {
        QASetup.broken([
            (definition["read_only"]?.bool == true, "its root file system is not read-only"),
            (definition["cap_drop"]?.names == ["ALL"], "it keeps capabilities"),
            (definition["security_opt"]?.names.contains("no-new-privileges:true") == true, "it may gain privileges"),
            (definition["privileged"] == nil && definition["cap_add"] == nil, "it is given privileges"),
            (!["", "root", "0", "0:0"].contains(definition["user"]?.text ?? ""), "it runs as root, or as whom the image likes"),
            (QAImage.isPinned(image), "its image has no version"),
        ])
    }

    fileprivate func buildProblems(_ image: QAImage) -> [String] {
        guard let build = definition["build"] else { return [] }
        let file = build["dockerfile"]?.text ?? "Dockerfile"
        return QASetup.broken([
            (build["context"]?.text == ".", "it is not built from the repository's root"),
            (file == QASetup.File.dockerfile.rawValue, "\(file) is not the Dockerfile"),
            (image.stage(target) != nil, "the Dockerfile has no stage \(target ?? "")"),
        ])
    }
}

extension JSON {
    fileprivate func names(of member: String) -> [String] { self[member]?.names ?? [] }
}
