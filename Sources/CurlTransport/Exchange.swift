internal import AdapterKit
internal import CCurl
internal import Glibc
internal import Payments

/// One request and what has become of it so far. Lives on the transport's thread only.
final class Exchange {
    let submission: Submission
    let easy: EasyHandle
    private(set) var answer = Answer()
    /// Whether libcurl has asked for a socket for it, and so knows an address.
    private(set) var askedForSocket = false
    /// Why it got none, the last time that it was an address's fault.
    private(set) var denial: TransportFailure.Code?
    var tlsBegun = false
    /// The one that libcurl last asked to be watched for this exchange.
    var socket: Int32 = -1
    /// Whether libcurl has been told to write the request: before that, no byte of it can have left.
    private(set) var requestBegun = false
    private(set) var resendPrevented = false
    /// Whether the connection was made for this exchange.
    private(set) var connectionIsFresh = false
    private let gate: AddressGate
    private let history: AnswerHistory
    private let answersBefore: Int
    private var bodySent = 0

    /// - Parameter waited: since the exchange was handed over; it counts towards its time-outs.
    init?(_ submission: Submission, on easy: EasyHandle, waited: Duration, gate: AddressGate, history: AnswerHistory) {
        self.submission = submission
        self.gate = gate
        self.easy = easy
        self.history = history
        answersBefore = history.count
        easy.prepare(for: self, elapsed: waited)
        if history.connectionRefused { easy.set(CURLOPT_FRESH_CONNECT, true) }
        guard easy.refusedOption == nil else { return nil }
    }

    var nameIsResolved: Bool { askedForSocket || requestBegun }

    /// Over HTTP/2 an answer to another exchange may have come on this one's connection.
    var mayShareConnection: Bool { history.multiplexes && history.count != answersBefore }

    /// Whether all of the body was handed to libcurl, which a gateway that answers early may have kept it from.
    var bodyIsSent: Bool { bodySent == submission.request.body.count }

    /// What is known now that libcurl is done with it.
    func result(_ code: CURLcode) -> Result<GatewayResponse, TransportFailure> {
        if code == CURLE_OK, let response = answer.response() { return .success(response) }
        let failure = Ending(of: self, code: code).failure
        if failure.certainlyNotProcessed, tlsBegun { history.connectionRefused = true }
        return .failure(failure)
    }
}

// What libcurl calls.
extension Exchange {
    /// libcurl connects again only in order to repeat a request that it has begun to write. The address is the very one that it would
    /// connect to, so that there is no second look-up that could find another; a proxy's is the operator's word.
    func mayConnect(to address: IPAddress?) -> Bool {
        askedForSocket = true
        resendPrevented = requestBegun
        guard !requestBegun else { return false }
        guard submission.endpoint.proxy == nil, let code = gate.refusal(of: address, for: submission.endpoint) else {
            return true
        }
        denial = code
        return false
    }

    /// libcurl asks a second time when it is about to repeat the request by itself, whatever made it do so.
    func mayWriteRequest() -> Bool {
        resendPrevented = requestBegun
        guard !requestBegun else { return false }
        connectionIsFresh = easy.long(CURLINFO_NUM_CONNECTS) > 0
        requestBegun = !connectionIsRefused
        return requestBegun
    }

    /// Copies the next part of the body. A gateway that refuses our certificate hangs up: then libcurl is kept from writing, which
    /// would fail without a reason, so that it reads the alert that says why.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        if bodySent < submission.request.body.count, gatewayHasHungUp { return Int(CURL_READFUNC_PAUSE) }
        let part = submission.request.body[bodySent...].prefix(buffer.count)
        unsafe buffer.copyBytes(from: part)
        bodySent += part.count
        return part.count
    }

    /// Whether the gateway has refused a connection before anything was written on it: it is reset, or libcurl (which over HTTP/2
    /// reads first, and goes on regardless) has an alert.
    private var connectionIsRefused: Bool {
        connectionIsFresh && (socketState & Int16(POLLHUP | POLLERR) != 0 || TLSFailure.reason(in: easy.errorText) != nil)
    }

    private var gatewayHasHungUp: Bool { connectionIsFresh && socketState != 0 }

    private var socketState: Int16 {
        // Glibc shows Swift this flag only under epoll's name; poll's has the same value.
        var state = pollfd(fd: socket, events: Int16(EPOLLRDHUP.rawValue), revents: 0)
        return unsafe poll(&state, 1, 0) > 0 ? state.revents : 0
    }

    /// - Returns: whether to go on.
    func receive(headerLine bytes: UnsafeRawBufferPointer) -> Bool {
        if !answer.hasBegun { history.noteAnswer() }
        defer { history.multiplexes = history.multiplexes || answer.isHTTP2 }
        return unsafe answer.append(headerLine: bytes)
    }

    /// - Returns: whether to go on.
    func receive(body bytes: UnsafeRawBufferPointer) -> Bool { unsafe answer.append(body: bytes) }
}

/// What the exchanges of one pool have met with.
final class AnswerHistory {
    private(set) var count = 0
    var multiplexes = false
    /// A gateway that did not want us has been heard since its last answer. libcurl may have kept the connection (over HTTP/2 it does):
    /// the next exchange must not be tried on it.
    var connectionRefused = false

    func noteAnswer() {
        count += 1
        connectionRefused = false
    }
}
