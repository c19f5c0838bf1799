internal import AdapterKit
internal import CCurl
internal import Payments

extension EasyHandle {
    /// What every transfer to the endpoint is told. There is no option by which verification could be turned off.
    func configure(for endpoint: Endpoint) {
        setConnection(endpoint)
        if endpoint.scheme == .https { setTLS(endpoint) }
        // The path is signed as it is: libcurl must not tidy it.
        set(CURLOPT_PATH_AS_IS, true)
        setUploadBuffer()
    }

    /// What one transfer is told. Each of these options is set whatever the request, as the handle may have had another before.
    func configure(for submission: Submission, elapsed: Duration) {
        set(CURLOPT_URL, submission.request.url)
        set(headers: submission.request.headerLines)
        setMethod(submission.request)
        set(CURLOPT_CONNECTTIMEOUT_MS, submission.endpoint.connectTimeout - elapsed)
        set(CURLOPT_TIMEOUT_MS, submission.endpoint.attemptTimeout - elapsed)
    }

    /// A body comes through a read function and there is no seek function, so that libcurl cannot send it twice.
    private func setMethod(_ request: WireRequest) {
        if request.body.isEmpty, request.method == .get || request.method == .delete {
            set(CURLOPT_HTTPGET, true)
        } else {
            set(CURLOPT_POST, true)
        }
        set(CURLOPT_POSTFIELDSIZE_LARGE, offset: request.body.count)
        if request.method == .get, request.body.isEmpty {
            unset(CURLOPT_CUSTOMREQUEST)
        } else {
            set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
        // Without a body libcurl would see nothing to rewind, and repeat it.
        set(CURLOPT_FRESH_CONNECT, request.body.isEmpty && request.method != .get)
    }

    private func setConnection(_ endpoint: Endpoint) {
        set(CURLOPT_PROTOCOLS_STR, endpoint.scheme.rawValue)
        set(CURLOPT_FOLLOWLOCATION, false)
        set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS)
        set(CURLOPT_NOSIGNAL, true)
        // Or else a transfer that times out while its name is being resolved would hold up every other.
        set(CURLOPT_QUICK_EXIT, true)
        // Set even when empty: libcurl would ask the environment otherwise.
        set(CURLOPT_PROXY, endpoint.proxy ?? "")
        set(CURLOPT_NOPROXY, "")
        set(CURLOPT_HTTPPROXYTUNNEL, endpoint.proxy != nil)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, true)
    }

    private func setTLS(_ endpoint: Endpoint) {
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_SSLVERSION, endpoint.minimumTLS == .v13 ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2)
        // A resumed session would leave out both sides' certificates.
        set(CURLOPT_SSL_SESSIONID_CACHE, false)
        setAuthorities(endpoint.authorities)
        if !endpoint.pins.isEmpty { set(CURLOPT_PINNEDPUBLICKEY, endpoint.pins.map { "sha256//\($0)" }.joined(separator: ";")) }
        if let file = endpoint.revocations { set(CURLOPT_CRLFILE, file.path) }
        guard let identity = endpoint.identity else { return }
        set(CURLOPT_SSLCERTTYPE, "PEM")
        set(CURLOPT_SSLKEYTYPE, "PEM")
        set(CURLOPT_SSLCERT_BLOB, blob: identity.certificate)
        set(CURLOPT_SSLKEY_BLOB, blob: identity.key.bytes)
        // An encrypted key is an error; without this OpenSSL would ask for its password on the terminal.
        set(CURLOPT_KEYPASSWD, "")
    }

    private func setAuthorities(_ authorities: Endpoint.Authorities) {
        // Debian's default directory would be trusted beside our own authority, and keeps libcurl from caching the system's file.
        unset(CURLOPT_CAPATH)
        if case .pem(let bytes) = authorities { set(CURLOPT_CAINFO_BLOB, blob: bytes) }
    }
}
