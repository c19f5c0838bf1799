import AdapterKit

/// What the configuration file says (contract/config.md). Every default stands in its type; every key is checked here, once.
struct Configuration: Sendable {
    /// Part of every derived id.
    var deployment = "drawbridge"
    var listen = Listen()
    var state = State()
    var encryption = Encryption()
    /// In the order of the file; never empty.
    var tenants: [Tenant] = []
    /// In the order of the file; never empty.
    var gateways: [Gateway] = []
    /// First match wins; never empty.
    var routes: [Route] = []
    var payments = Payments()
    var queue = Queue()
    var log = Log()
    var tracing = Tracing()

    /// The file it was read from, and the keys that the file sets.
    var file = ""
    /// What stood in it: read again when a file changes that it names.
    var text = ""
    var files = WatchedFiles()
    var keys: [ConfiguredKey] = []

    init() {}
}

extension Configuration {
    /// The service times of payments.
    struct Payments: Sendable, Equatable {
        /// From the request's arrival until the caller gets an answer.
        var deadline: Duration = .seconds(7)
    }

    struct Log: Sendable, Equatable {
        enum Level: String, Sendable, CaseIterable { case trace, debug, info, notice, warning, error, critical }
        enum Format: String, Sendable, CaseIterable { case json, text }

        var level: Level = .info
        var format: Format = .json
    }

    struct Tracing: Sendable, Equatable {
        var otlpEndpoint: WebAddress?
        /// Share of the traces that are kept, 0 to 1.
        var sample = 0.05
    }

    /// Payments that no gateway could take.
    struct Queue: Sendable, Equatable {
        var retry = Retry()
        /// Then the payment goes to manual review.
        var giveUpAfter: Duration = .seconds(3_600)

        struct Retry: Sendable, Equatable {
            var first: Duration = .seconds(30)
            var factor = 2
            var max: Duration = .seconds(600)
        }
    }
}

extension Configuration {
    /// - `deployment` (text, default `drawbridge`)
    /// - `listen`, `state`, `encryption`, `payments`, `queue`, `log`, `tracing` (sections)
    /// - `tenants`, `gateways` (sections of names), `routes` (list): at least one of each
    init(_ section: ConfigurationSection, adapters: AdapterCatalog) {
        self.init()
        section.read("deployment", .keyID, into: &deployment)
        section.noteNames()
        // First of all: it decides whether text: secrets are taken.
        section.read("listen", into: &listen) { Listen($0) }
        section.reading.secrets.allowsText = listen.isLoopback
        section.read("state", into: &state) { State($0) }
        section.read("encryption", into: &encryption) { Encryption($0) }
        gateways = section.named("gateways") { Gateway(name: $0, $1, adapters: adapters) }
        tenants = section.named("tenants") { Tenant(id: $0, $1) }
        routes = section.sections("routes") { Route($0) } ?? []
        section.read("payments", into: &payments) { Payments($0) }
        section.read("queue", into: &queue) { Queue($0) }
        section.read("log", into: &log) { Log($0) }
        section.read("tracing", into: &tracing) { Tracing($0) }
    }
}

extension Configuration.Payments {
    /// - `deadline` (duration, default `7s`)
    init(_ section: ConfigurationSection) {
        section.read("deadline", .duration(.milliseconds(100)...(.seconds(600))), into: &deadline)
    }
}

extension Configuration.Log {
    /// - `level` (default `info`), `format` (`json` or `text`, default `json`)
    init(_ section: ConfigurationSection) {
        section.read("level", .word, into: &level)
        section.read("format", .word, into: &format)
    }
}

extension Configuration.Tracing {
    /// - `otlp_endpoint` (URL, default none), `sample` (0 to 1, default 0.05)
    init(_ section: ConfigurationSection) {
        otlpEndpoint = section.value("otlp_endpoint", .collector)
        section.read("sample", .ratio, into: &sample)
    }
}

extension Configuration.Queue {
    /// - `retry` (section), `give_up_after` (duration, default `1h`)
    init(_ section: ConfigurationSection) {
        section.read("retry", into: &retry) { Retry($0) }
        section.read("give_up_after", .duration(.milliseconds(10)...(.seconds(30 * 86_400))), into: &giveUpAfter)
    }
}

extension Configuration.Queue.Retry {
    /// - `first` (duration, default `30s`), `factor` (default 2), `max` (duration, default `10m`)
    init(_ section: ConfigurationSection) {
        section.read("first", .duration(.milliseconds(10)...(.seconds(86_400))), into: &first)
        section.read("factor", .integer(1...10), into: &factor)
        section.read("max", .duration(.milliseconds(10)...(.seconds(86_400))), into: &max)
        section.order(("first", first), ("max", max))
    }
}
