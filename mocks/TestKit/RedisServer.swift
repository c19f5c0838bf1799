import Foundation
import Glibc
import Synchronization

/// A real redis-server on a free port of this machine, with a folder of its own and append-only file on.
public final class RedisServer: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// The server of a test that has the trait `redisServer`.
    @TaskLocal public static var current: RedisServer?

    public let port: Int
    private let folder: URL
    private let options: [String]
    private let certificate: TestCertificate?
    private let process = Mutex<RunningProgram?>(nil)

    private init(port: Int, folder: URL, options: [String], certificate: TestCertificate?) {
        self.port = port
        self.folder = folder
        self.options = options
        self.certificate = certificate
    }

    /// Runs the body while a server runs, and ends the server whatever happens.
    ///
    /// - Parameters:
    ///   - options: as on redis-server's command line; they come last, so they win.
    ///   - certificate: with it the server speaks TLS only.
    public static func with<Result>(
        options: [String] = [], certificate: TestCertificate? = nil, _ body: (RedisServer) async throws -> Result
    ) async throws -> Result {
        let server = try await start(options: options, certificate: certificate)
        do {
            let result = try await body(server)
            await server.end()
            return result
        } catch {
            await server.end()
            throw error
        }
    }

    private static func start(options: [String], certificate: TestCertificate?) async throws -> RedisServer {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("drawbridge-redis-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        if let certificate {
            try Data(certificate.certificate).write(to: folder.appendingPathComponent("server.crt"))
            try Data(certificate.key).write(to: folder.appendingPathComponent("server.key"))
        }
        // Between finding a free port and using it somebody else may take it.
        for _ in 0..<4 {
            let server = RedisServer(port: try freePort(), folder: folder, options: options, certificate: certificate)
            if (try? await server.start()) != nil { return server }
        }
        let server = RedisServer(port: try freePort(), folder: folder, options: options, certificate: certificate)
        try await server.start()
        return server
    }

    // MARK: Living

    /// Starts the server, for the first time or again on the same port with the same data. Returns when it takes connections.
    public func start() async throws {
        let process = try RunningProgram("/usr/bin/redis-server", arguments)
        guard await process.output.contains("Ready to accept connections") else {
            // Also when it is only the waiting that ended, with its task.
            process.signal(SIGKILL)
            throw Failure(description: "redis-server did not start: \(process.output.text)")
        }
        self.process.withLock { $0 = process }
    }

    private var arguments: [String] {
        var arguments = ["--bind", "127.0.0.1", "--dir", folder.path, "--appendonly", "yes", "--save", ""]
        if certificate == nil {
            arguments += ["--port", String(port)]
        } else {
            arguments += ["--port", "0", "--tls-port", String(port), "--tls-auth-clients", "no"]
            arguments += ["--tls-cert-file", "\(folder.path)/server.crt", "--tls-key-file", "\(folder.path)/server.key"]
            arguments += ["--tls-ca-cert-file", "\(folder.path)/server.crt"]
        }
        return arguments + options
    }

    /// Ends the server as a crash would, and returns when it is gone. Its data stay for the next `start`.
    public func stop() async {
        let ending = process.withLock { process in
            defer { process = nil }
            return process
        }
        ending?.signal(SIGKILL)
        _ = await ending?.ended()
    }

    /// Takes the last bytes off the append-only file of a server that is stopped, as a machine does that loses its power: what was
    /// answered, but not yet on the disk.
    public func lose(lastBytes count: Int) throws {
        let handle = try FileHandle(forWritingTo: appendOnlyFile())
        let length = try handle.seekToEnd()
        try handle.truncate(atOffset: length > count ? length - UInt64(count) : 0)
        try handle.close()
    }

    /// Bytes of the append-only file.
    public func logLength() throws -> Int {
        let handle = try FileHandle(forReadingFrom: appendOnlyFile())
        defer { try? handle.close() }
        return Int(try handle.seekToEnd())
    }

    private func appendOnlyFile() throws -> URL {
        let folder = folder.appendingPathComponent("appendonlydir")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        guard let file = files.filter({ $0.lastPathComponent.hasSuffix(".incr.aof") }).max(by: { $0.path < $1.path }) else {
            throw Failure(description: "no append-only file")
        }
        return file
    }

    /// The server keeps its connections and answers nothing, until `resume`.
    public func suspend() { process.withLock { $0?.signal(SIGSTOP) } }

    public func resume() { process.withLock { $0?.signal(SIGCONT) } }

    private func end() async {
        await stop()
        try? FileManager.default.removeItem(at: folder)
    }

    // MARK: Asking

    /// What `redis-cli` prints for a command: for tests that look behind the store.
    @discardableResult
    public func command(_ words: String...) async throws -> String { try await command(words) }

    @discardableResult
    public func command(_ words: [String]) async throws -> String {
        let tls = certificate == nil ? [] : ["--tls", "--insecure"]
        let client = try RunningProgram("/usr/bin/redis-cli", ["-h", "127.0.0.1", "-p", String(port)] + tls + words)
        _ = await client.ended()
        return [client.output.text, client.errors.text].joined(separator: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Returns once the server has written these words into its log since its last start.
    public func logs(_ words: String) async throws {
        let log = process.withLock { $0?.output }
        guard await log?.contains(words) == true else { throw Failure(description: "redis-server ended without: \(words)") }
    }

    /// Returns when at least so much time has passed on the server's clock: it ends a wait for a list that nobody fills.
    public func elapse(_ duration: Duration) async throws {
        try await command("BLPOP", "drawbridge-nobody-fills-this", String(duration / .seconds(1)))
    }

    // MARK: Ports

    /// Below those that the system gives to connections that go out: what is closed for a while must get its port back.
    private static let ports = UInt16(20_000)...32_000

    /// A port that nobody has now.
    package static func freePort() throws -> Int {
        for _ in 0..<64 {
            let port = UInt16.random(in: ports)
            if try isFree(port) { return Int(port) }
        }
        throw Failure(description: "no free port")
    }

    private static func isFree(_ port: UInt16) throws -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(description: "no socket") }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        address.sin_port = port.bigEndian
        return unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
