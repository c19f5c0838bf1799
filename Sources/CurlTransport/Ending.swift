internal import CCurl
internal import Payments

/// Everything that is known of an exchange that did not bring an answer, and what follows from it. Where the facts leave a doubt
/// the request counts as possibly processed.
struct Ending {
    var code: CURLcode
    var text = ""
    /// `CURLINFO_SSL_VERIFYRESULT`.
    var verification = 0
    var usesProxy = false
    var nameIsResolved = false
    /// Why an address was not connected to.
    var denial: TransportFailure.Code?
    /// TCP connected, and the proxy's tunnel where there is one.
    var tlsBegun = false
    var requestBegun = false
    var requestWritten = false
    var resendPrevented = false
    var answerBegun = false
    var answerFault: Answer.Fault?
    /// The connection was made for this exchange and can have carried no answer to any other.
    var connectionIsFresh = false

    var failure: TransportFailure {
        let code = requestBegun ? codeAfterRequest : codeBeforeRequest
        return TransportFailure(
            code: code, phase: phase, requestMayHaveLeft: requestBegun,
            certainlyNotProcessed: !requestBegun || refusedCertificate != nil,
            detail: "\(text.isEmpty ? "libcurl error" : text) (\(self.code.rawValue))")
    }

    var phase: TransportFailure.Phase {
        guard requestBegun else {
            guard nameIsResolved else { return .name }
            return tlsBegun ? .tls : .connect
        }
        guard !answerBegun else { return .receiving }
        return requestWritten ? .waiting : .sending
    }

    private var codeBeforeRequest: TransportFailure.Code {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST: .nameNotResolved
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: .proxyFailed
        case CURLE_COULDNT_CONNECT: denial ?? (usesProxy ? .proxyFailed : .connectRefused)
        case CURLE_OPERATION_TIMEDOUT: tlsBegun ? .connectTimedOut : denial ?? .connectTimedOut
        case CURLE_SSL_CERTPROBLEM: .clientCertificateUnusable
        case CURLE_SSL_CACERT_BADFILE: .serverCertificateUntrusted
        case CURLE_SSL_CRL_BADFILE: .revocationListUnusable
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH: .serverPinMismatch
        case CURLE_PEER_FAILED_VERIFICATION: TLSFailure.verificationCode(verification, text: text)
        case CURLE_SSL_CLIENTCERT: .clientCertificateRequired
        case CURLE_SSL_CONNECT_ERROR: handshakeCode
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING: usesProxy && !tlsBegun ? .proxyFailed : handshakeCode
        // We kept the request off a connection that the gateway had refused.
        case CURLE_ABORTED_BY_CALLBACK: reason == nil ? .connectionLost : handshakeCode
        default: .notSent
        }
    }

    private var codeAfterRequest: TransportFailure.Code {
        if resendPrevented || code == CURLE_SEND_FAIL_REWIND { return .resendPrevented }
        if let refusedCertificate { return refusedCertificate }
        switch answerFault {
        case .bodyTooLarge: return .responseTooLarge
        case .headersTooLarge: return .responseHeadersTooLarge
        case .malformed: return .responseMalformed
        case nil: break
        }
        switch code {
        case CURLE_OPERATION_TIMEDOUT: return .attemptTimedOut
        // libcurl's own limit on the length of one line, beyond ours.
        case CURLE_OUT_OF_MEMORY: return .responseHeadersTooLarge
        case CURLE_OK, CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING: return .responseMalformed
        default: return reason == nil ? .connectionLost : .tlsFailed
        }
    }

    private var handshakeCode: TransportFailure.Code {
        guard let reason else { return .tlsFailed }
        return TLSFailure.isAboutVersion(reason: reason)
            ? .tlsVersion : TLSFailure.clientCertificateCode(reason: reason) ?? .tlsFailed
    }

    /// With TLS 1.3 a gateway judges our certificate when we have already written the request. It reads none of it if it refuses.
    private var refusedCertificate: TransportFailure.Code? {
        guard requestBegun, connectionIsFresh, !answerBegun, !resendPrevented, let reason else { return nil }
        return TLSFailure.clientCertificateCode(reason: reason)
    }

    private var reason: Int? { TLSFailure.reason(in: text) }
}

extension Ending {
    init(of exchange: Exchange, code: CURLcode) {
        let easy = exchange.easy
        let endpoint = exchange.submission.endpoint
        self.init(code: code)
        text = easy.errorText
        verification = easy.long(CURLINFO_SSL_VERIFYRESULT)
        usesProxy = endpoint.proxy != nil
        nameIsResolved = exchange.nameIsResolved
        denial = exchange.denial
        // Our own material is read on the way into TLS, before libcurl says that it begins.
        tlsBegun = exchange.tlsBegun || [CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE].contains(code)
        requestBegun = exchange.requestBegun
        requestWritten =
            easy.long(CURLINFO_REQUEST_SIZE) > 0 && easy.offset(CURLINFO_SIZE_UPLOAD_T) >= exchange.submission.request.body.count
        resendPrevented = exchange.resendPrevented
        answerBegun = exchange.answer.hasBegun
        answerFault = exchange.answer.fault
        connectionIsFresh = exchange.connectionIsFresh && !exchange.mayShareConnection
    }
}
