import AdapterKit
import CCurl
import Payments
import Testing

@testable import CurlTransport

/// What follows from the facts of an exchange that brought no answer, where real sockets cannot be made to show it.
@Suite("Ending")
struct EndingTests {
    private static let certificateAlerts: [(Int, TransportFailure.Code)] = [
        (42, .clientCertificateRefused), (43, .clientCertificateRefused), (44, .clientCertificateRevoked),
        (45, .clientCertificateExpired), (46, .clientCertificateRefused), (48, .clientCertificateUnknownAuthority),
        (116, .clientCertificateRequired),
    ]
    private static let otherAlerts = [0, 10, 20, 22, 40, 41, 47, 49, 50, 51, 70, 71, 80, 86, 90, 109, 110, 112, 113, 115, 120]

    /// A request on a fresh connection, written, and an alert in place of the answer.
    private func afterAlert(_ alert: Int, change: (inout Ending) -> Void = { _ in }) -> TransportFailure {
        var ending = Ending(code: CURLE_RECV_ERROR)
        let packed = String(20 << 23 | (1000 + alert), radix: 16, uppercase: true)
        ending.text = "OpenSSL SSL_read: error:0\(packed):SSL routines::some words, errno 0"
        ending.nameIsResolved = true
        ending.tlsBegun = true
        ending.requestBegun = true
        ending.requestWritten = true
        ending.connectionIsFresh = true
        change(&ending)
        return ending.failure
    }

    @Test("An alert about our certificate on a fresh connection says that nothing was processed", arguments: certificateAlerts)
    func refused(alert: Int, code: TransportFailure.Code) {
        let failure = afterAlert(alert)
        #expect(failure.code == code && failure.phase == .waiting)
        #expect(failure.certainlyNotProcessed && failure.requestMayHaveLeft)
    }

    @Test(
        "An alert about our certificate proves nothing on a reused connection, after an answer byte or after a repetition",
        arguments: certificateAlerts)
    func doubtful(alert: Int, code: TransportFailure.Code) {
        for change: (inout Ending) -> Void in [
            { $0.connectionIsFresh = false }, { $0.answerBegun = true }, { $0.resendPrevented = true },
        ] {
            let failure = afterAlert(alert, change: change)
            #expect(failure.code != code && !failure.certainlyNotProcessed && failure.requestMayHaveLeft)
        }
    }

    private func afterDenial(_ code: CURLcode, change: (inout Ending) -> Void = { _ in }) -> TransportFailure {
        var ending = Ending(code: code)
        ending.nameIsResolved = true
        ending.denial = .addressPrivate
        change(&ending)
        return ending.failure
    }

    @Test(
        "Where one address was denied and no other could be connected to, the failure is the denial",
        arguments: [CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT])
    func denied(code: CURLcode) {
        let failure = afterDenial(code)
        #expect(failure.code == .addressPrivate && failure.phase == .connect)
        #expect(failure.certainlyNotProcessed && !failure.requestMayHaveLeft)
    }

    @Test("Where one address was denied and another connected to, the failure is what became of that connection")
    func deniedBeside() {
        #expect(afterDenial(CURLE_OPERATION_TIMEDOUT) { $0.tlsBegun = true }.code == .connectTimedOut)
        #expect(afterDenial(CURLE_SSL_CONNECT_ERROR) { $0.tlsBegun = true }.code == .tlsFailed)
        let late = afterDenial(CURLE_OPERATION_TIMEDOUT) { $0.requestBegun = true }
        #expect(late.code == .attemptTimedOut && !late.certainlyNotProcessed && late.requestMayHaveLeft)
    }

    @Test("Any other alert after the request leaves its fate unknown", arguments: otherAlerts)
    func otherAlert(alert: Int) {
        let failure = afterAlert(alert)
        #expect(failure.code == .tlsFailed && !failure.certainlyNotProcessed && failure.requestMayHaveLeft)
    }

    @Test(
        "A text that is not an error of OpenSSL's SSL library says nothing of our certificate",
        arguments: [
            "", "error:", "error:zzzzzzzz", "error:02000412", "error:0A0412", "Send failure: Broken pipe",
            "alert bad certificate",
        ])
    func otherText(text: String) {
        let failure = afterAlert(42) { $0.text = text }
        #expect(failure.code == .connectionLost && !failure.certainlyNotProcessed)
    }

    @Test("Whatever libcurl's code, an exchange is not processed for certain only when its request had not begun")
    func everyCode() {
        for number in UInt32(0)...UInt32(CURL_LAST.rawValue) {
            var ending = Ending(code: CURLcode(rawValue: number))
            #expect(ending.failure.certainlyNotProcessed && !ending.failure.requestMayHaveLeft && ending.failure.phase == .name)
            ending.requestBegun = true
            ending.connectionIsFresh = true
            #expect(
                !ending.failure.certainlyNotProcessed && ending.failure.requestMayHaveLeft && ending.failure.phase == .sending)
            #expect(ending.failure.code != .notSent)
        }
    }

    @Test("The phase follows how far the exchange had got")
    func phases() {
        var ending = Ending(code: CURLE_OPERATION_TIMEDOUT)
        #expect(ending.phase == .name)
        ending.nameIsResolved = true
        #expect(ending.phase == .connect)
        ending.tlsBegun = true
        #expect(ending.phase == .tls && ending.failure.code == .connectTimedOut)
        ending.requestBegun = true
        #expect(ending.phase == .sending && ending.failure.code == .attemptTimedOut)
        ending.requestWritten = true
        #expect(ending.phase == .waiting)
        ending.answerBegun = true
        #expect(ending.phase == .receiving && ending.failure.outcome.kind == .unknown)
    }
}
