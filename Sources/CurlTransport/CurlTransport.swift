public import AdapterKit
internal import CCurl
internal import Foundation
public import Payments

/// Egress over libcurl's multi interface. One thread of its own drives every connection; no task ever blocks.
///
/// Names are resolved on libcurl's own threads, one at a time for each endpoint. The process needs as many file descriptors as
/// it may have connections.
public final class CurlTransport: EgressTransport {
    private let intake: Intake

    /// - Parameter onDenial: hears of every address that an endpoint's policy does not allow, on the transport's thread: it must not
    ///   wait.
    /// - Throws: `TransportFailure` with `notSent` when the system gives no descriptors or libcurl does not start.
    public init(
        limits: Limits = Limits(), onDenial: @escaping @Sendable (EgressDenial) -> Void = { _ in }
    ) throws(TransportFailure) {
        guard Self.libraryIsReady, let intake = Intake(limit: limits.requests), let events = EventQueue(waking: intake.wakeup)
        else {
            throw .notSent("libcurl or its event queue could not be started")
        }
        self.intake = intake
        let thread = Thread {
            EventLoop(intake: intake, events: events, limits: limits, gate: AddressGate(onDenial: onDenial)).run()
        }
        thread.name = "egress"
        thread.start()
    }

    deinit { intake.close() }

    public func send(_ request: EgressRequest, to endpoint: Endpoint) async throws(TransportFailure) -> GatewayResponse {
        let wire = try WireRequest(request, endpoint: endpoint)
        // No cancellation handler: once the bytes may have left, only the exchange's own end says what is known.
        return try await withCheckedContinuation { continuation in
            let submission = Submission(request: wire, endpoint: endpoint, continuation: continuation)
            if let refusal = intake.submit(submission) { continuation.resume(returning: .failure(refusal)) }
        }.get()
    }

    /// Closes the connections to all other endpoints: those without an exchange at once, the others when theirs has ended. For a reload,
    /// after which nobody sends to an endpoint as it was.
    public func keepOnly(_ endpoints: [Endpoint]) { intake.keepOnly(endpoints) }

    /// Refuses new exchanges, lets those in flight end by themselves (each within its own time-outs) and ends the thread.
    public func shutdown() async { await intake.drain() }

    private static let libraryIsReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
}
