import AdapterKit
import Foundation

@testable import Drawbridge

/// The texts from which QA's containers are made, held against each other, the repository and the configuration's own checks.
/// Nothing here can be run where the tests run, so what they name must at least be there.
struct QASetup {
    enum File: String, CaseIterable {
        case compose = "compose.yaml"
        case proxies = "mocks/toxiproxy.compose.json"
        case configuration = "config/qa.yaml"
        case dockerfile = "deploy/Dockerfile"
        case dockerignore = ".dockerignore"
        case manifest = "Package.swift"
    }

    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    /// Its image has a health check of its own (docker/local/Dockerfile of its repository, since 7).
    static let mockServerImage = "mockserver/mockserver:"
    /// The service whose proxies all others are reached through.
    static let proxyService = "toxiproxy"
    static let proxyControlPort = 8474
    static let redisPort = 6379

    var texts: [File: String]
    /// What the service `certificates` makes.
    let certificates: [String: String]

    init() throws {
        certificates = try QACertificates.made.get()
        texts = [:]
        for file in File.allCases {
            texts[file] = try String(contentsOf: Self.repository.appendingPathComponent(file.rawValue), encoding: .utf8)
        }
    }

    func text(_ file: File) -> String { texts[file] ?? "" }

    /// All that does not fit; empty when all does.
    func problems() -> [String] {
        guard let document = try? YAMLDocument.value(of: text(.compose)), let proxies = QAProxy.all(in: text(.proxies)) else {
            return ["compose.yaml or the file of the proxies cannot be read"]
        }
        let compose = QACompose(document.json.merged)
        let image = QAImage(dockerfile: text(.dockerfile), dockerignore: text(.dockerignore), manifest: text(.manifest))
        return compose.problems(image: image) + image.problems + proxyProblems(proxies, compose)
            + configurationProblems(proxies, compose)
    }

    /// What to say of the rules that do not hold.
    static func broken(_ rules: [(holds: Bool, problem: String)]) -> [String] { rules.filter { !$0.holds }.map(\.problem) }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: repository.appendingPathComponent(path).path)
    }
}

/// One proxy of the file that Toxiproxy is started with.
struct QAProxy {
    let name: String
    let port: Int
    let upstream: String

    /// `nil` where the file is not a list of proxies that all of the container's network can reach.
    static func all(in text: String) -> [Self]? {
        guard let proxies = try? JSON(parsing: Array(text.utf8)).elements else { return nil }
        let read = proxies.compactMap { proxy -> Self? in
            guard let name = proxy["name"]?.text, let listen = proxy["listen"]?.text, listen.hasPrefix("0.0.0.0:"),
                let port = Int(listen.dropFirst("0.0.0.0:".count)), let upstream = proxy["upstream"]?.text,
                proxy["enabled"]?.bool == true
            else { return nil }
            return Self(name: name, port: port, upstream: upstream)
        }
        return read.count == proxies.count ? read : nil
    }
}

extension JSON {
    /// The same value with YAML's merge keys (`<<`) carried out: what stands beside one wins.
    var merged: JSON {
        switch self {
        case .array(let elements): .array(elements.map(\.merged))
        case .object(let members):
            .object(
                members.reduce(into: members.filter { $0.name != "<<" }.map { Member($0.name, $0.value.merged) }) { all, member in
                    guard member.name == "<<" else { return }
                    let inherited = member.value.merged.members ?? []
                    all += inherited.filter { each in !all.contains { $0.name == each.name } }
                })
        default: self
        }
    }

    /// The texts of a list, or of the names of an object.
    var names: [String] { members?.map(\.name) ?? elements?.compactMap(\.text) ?? [] }
}
