internal import AdapterKit
internal import CCurl
internal import Payments

/// One libcurl multi handle with its connections, all to one endpoint and with one identity. Lives on the transport's thread only.
///
/// libcurl walks through all connections of a handle for every exchange (measured with 7.88: 0.2 ms at 5,000 of them), and so a
/// handle has a capacity and a busy endpoint several handles.
@safe final class ConnectionPool {
    private struct Waiting {
        var submission: Submission
        var since: ContinuousClock.Instant
    }

    let number: UInt32
    /// Exchanges in flight, and so connections.
    let capacity: Int
    /// When libcurl next wants to be called.
    private(set) var deadline: ContinuousClock.Instant?
    private(set) var idleSince: ContinuousClock.Instant
    /// Whether it goes when it is idle.
    var isRetired = false
    /// Of the first exchange; the others' differ in base path and time-outs only.
    private let endpoint: Endpoint
    private let multi: UnsafeMutableRawPointer
    private let events: EventQueue
    private let intake: Intake
    private let gate: AddressGate
    private let clock = ContinuousClock()
    private let history = AnswerHistory()
    /// By the address of libcurl's handle.
    private var exchanges: [Int: Exchange] = [:]
    /// Configured for the endpoint and free: no more than may be in flight, as each was. The one used last comes first.
    private(set) var idle: [EasyHandle] = []
    private var waiting: [Waiting] = []
    /// The one exchange that may be resolving the name. The rest wait for it: each lookup takes libcurl a thread.
    private var resolver: Exchange?
    private var nameKnownUntil: ContinuousClock.Instant?

    /// As long as libcurl keeps an address.
    private static let nameLifetime = Duration.seconds(60)

    init?(to endpoint: Endpoint, number: UInt32, capacity: Int, events: EventQueue, intake: Intake, gate: AddressGate) {
        guard let multi = unsafe curl_multi_init() else { return nil }
        self.endpoint = endpoint
        self.number = number
        unsafe self.multi = multi
        self.events = events
        self.intake = intake
        self.gate = gate
        self.capacity = capacity
        idleSince = clock.now
        configure()
    }

    deinit {
        // Closing needs no callbacks: the kernel stops watching a descriptor that is closed.
        unsafe ccurl_multi_set_socket_function(multi, nil)
        unsafe ccurl_multi_set_timer_function(multi, nil)
        unsafe curl_multi_cleanup(multi)
    }

    var isIdle: Bool { exchanges.isEmpty && waiting.isEmpty }

    var hasRoom: Bool { exchanges.count + waiting.count < capacity }

    func start(_ submission: Submission) {
        waiting.append(Waiting(submission: submission, since: clock.now))
        admit()
    }

    func handle(_ event: EventQueue.Readiness) {
        var mask: Int32 = 0
        if event.readable { mask |= CURL_CSELECT_IN }
        if event.writable { mask |= CURL_CSELECT_OUT }
        if event.failed { mask |= CURL_CSELECT_ERR }
        act(on: event.tag.descriptor, mask)
    }

    /// Calls libcurl if its time has come.
    func tick(now: ContinuousClock.Instant) {
        guard let due = deadline, due <= now else { return }
        deadline = nil
        act(on: CURL_SOCKET_TIMEOUT, 0)
    }

    private func configure() {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe ccurl_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, context)
        unsafe ccurl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, context)
        unsafe ccurl_multi_set_socket_function(multi, Self.onSocket)
        unsafe ccurl_multi_set_timer_function(multi, Self.onTimer)
        // As many as may be in flight, so that a steady load finds every connection again.
        unsafe ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, capacity)
    }

    private func act(on socket: Int32, _ mask: Int32) {
        var running: Int32 = 0
        unsafe curl_multi_socket_action(multi, socket, mask, &running)
        settle()
        admit()
    }
}

// Starting and ending.
extension ConnectionPool {
    private func admit() {
        var next = 0
        while next < waiting.count, mayStart() {
            begin(waiting[next])
            next += 1
        }
        waiting.removeFirst(next)
    }

    /// Whether the name is known, or nobody is resolving it at present.
    private func mayStart() -> Bool {
        if let resolver, resolver.nameIsResolved {
            if resolver.askedForSocket { nameKnownUntil = clock.now + Self.nameLifetime }
            self.resolver = nil
        }
        return resolver == nil
    }

    private func begin(_ next: Waiting) {
        let now = clock.now
        guard let easy = idle.popLast() ?? EasyHandle(to: endpoint),
            let exchange = Exchange(next.submission, on: easy, waited: now - next.since, gate: gate, history: history)
        else {
            return finish(next.submission, .failure(.notSent("libcurl did not take the request's options")))
        }
        guard unsafe curl_multi_add_handle(multi, easy.pointer) == CURLM_OK else {
            return finish(next.submission, .failure(.notSent("libcurl did not take the request")))
        }
        unsafe exchanges[Int(bitPattern: easy.pointer)] = exchange
        if nameKnownUntil.map({ $0 <= now }) ?? true { resolver = exchange }
    }

    private func settle() {
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(multi, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let easy = unsafe message.pointee.easy_handle else { continue }
            unsafe end(easy, ccurl_result(message))
        }
    }

    private func end(_ easy: UnsafeMutableRawPointer, _ code: CURLcode) {
        guard let exchange = exchanges.removeValue(forKey: Int(bitPattern: easy)) else { return }
        let result = exchange.result(code)
        unsafe curl_multi_remove_handle(multi, easy)
        if case .success = result, exchange.bodyIsSent { keep(exchange.easy) }
        if exchange === resolver { endResolving(exchange, result) }
        finish(exchange.submission, result)
    }

    /// Only after an exchange that went as it should: what libcurl remembers of a failed one is not worth finding out.
    private func keep(_ easy: EasyHandle) {
        easy.release()
        if easy.refusedOption == nil { idle.append(easy) }
    }

    /// When the name could not be resolved, those that waited for it fail for the same reason.
    private func endResolving(_ exchange: Exchange, _ result: Result<GatewayResponse, TransportFailure>) {
        guard !exchange.nameIsResolved else { return }
        resolver = nil
        let unresolved = waiting
        waiting = []
        for other in unresolved { finish(other.submission, result) }
    }

    private func finish(_ submission: Submission, _ result: Result<GatewayResponse, TransportFailure>) {
        if isIdle { idleSince = clock.now }
        submission.continuation.resume(returning: result)
        intake.finishOne()
    }
}

// What libcurl calls.
extension ConnectionPool {
    private static func pool(_ context: UnsafeMutableRawPointer?) -> ConnectionPool? {
        unsafe context.map { unsafe Unmanaged<ConnectionPool>.fromOpaque($0).takeUnretainedValue() }
    }

    private static let onSocket: curl_socket_callback = { easy, socket, wanted, context, _ in
        unsafe pool(context)?.watch(socket, wanted, for: Int(bitPattern: easy))
        return 0
    }

    private static let onTimer: curl_multi_timer_callback = { _, milliseconds, context in
        unsafe pool(context)?.schedule(milliseconds)
        return 0
    }

    private func watch(_ socket: Int32, _ wanted: Int32, for easy: Int) {
        guard wanted != CURL_POLL_REMOVE else { return events.forget(socket) }
        exchanges[easy]?.socket = socket
        let tag = EventQueue.Tag(pool: number, descriptor: socket)
        events.watch(tag, readable: wanted & CURL_POLL_IN != 0, writable: wanted & CURL_POLL_OUT != 0)
    }

    private func schedule(_ milliseconds: Int) {
        deadline = milliseconds < 0 ? nil : clock.now + .milliseconds(milliseconds)
    }
}
