internal import AdapterKit
internal import CCurl
internal import Payments

/// One transfer of libcurl's. Owns the handle, its header list and its error buffer; used on the transport's thread only.
@safe final class EasyHandle {
    let pointer: UnsafeMutableRawPointer
    private let message: UnsafeMutablePointer<CChar>
    private var headers: UnsafeMutablePointer<curl_slist>?
    /// The first option that libcurl did not take. Such a transfer must not run: it could be less strict than asked.
    private(set) var refusedOption: UInt32?

    init?() {
        guard let pointer = unsafe curl_easy_init() else { return nil }
        unsafe self.pointer = pointer
        unsafe message = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe message.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        note(CURLOPT_ERRORBUFFER, unsafe ccurl_set_pointer(pointer, CURLOPT_ERRORBUFFER, message))
    }

    deinit {
        unsafe curl_easy_cleanup(pointer)
        unsafe curl_slist_free_all(headers)
        unsafe message.deallocate()
    }

    func set(_ option: CURLoption, _ value: Int) { note(option, unsafe ccurl_set_long(pointer, option, value)) }

    func set(_ option: CURLoption, _ value: Bool) { set(option, value ? 1 : 0) }

    func set(_ option: CURLoption, offset value: Int) {
        note(option, unsafe ccurl_set_offset(pointer, option, curl_off_t(value)))
    }

    func set(_ option: CURLoption, _ value: String) { note(option, unsafe ccurl_set_string(pointer, option, value)) }

    /// Takes libcurl's own default away.
    func unset(_ option: CURLoption) { note(option, unsafe ccurl_set_string(pointer, option, nil)) }

    func set(_ option: CURLoption, blob bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { note(option, unsafe ccurl_set_blob(pointer, option, $0.baseAddress, $0.count)) }
    }

    /// At least a millisecond: libcurl takes nought for "for ever".
    func set(_ option: CURLoption, _ time: Duration) { set(option, max(1, Int(clamping: time.wholeMilliseconds))) }

    func set(headers lines: [String]) {
        for line in lines {
            guard let longer = unsafe curl_slist_append(headers, line) else {
                return note(CURLOPT_HTTPHEADER, CURLE_OUT_OF_MEMORY)
            }
            unsafe headers = longer
        }
        note(CURLOPT_HTTPHEADER, unsafe ccurl_set_headers(pointer, headers))
    }

    /// Every callback gets the exchange, which outlives the transfer: the pool holds it until libcurl is done.
    func setCallbacks(for exchange: Exchange) {
        let context = unsafe Unmanaged.passUnretained(exchange).toOpaque()
        for option in [
            CURLOPT_READDATA, CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_PREREQDATA, CURLOPT_SOCKOPTDATA,
            CURLOPT_SSL_CTX_DATA,
        ] {
            note(option, unsafe ccurl_set_pointer(pointer, option, context))
        }
        note(CURLOPT_READFUNCTION, unsafe ccurl_set_data_function(pointer, CURLOPT_READFUNCTION, Self.onRead))
        note(CURLOPT_WRITEFUNCTION, unsafe ccurl_set_data_function(pointer, CURLOPT_WRITEFUNCTION, Self.onBody))
        note(CURLOPT_HEADERFUNCTION, unsafe ccurl_set_data_function(pointer, CURLOPT_HEADERFUNCTION, Self.onHeader))
        note(CURLOPT_PREREQFUNCTION, unsafe ccurl_set_prereq_function(pointer, Self.onRequest))
        note(CURLOPT_SOCKOPTFUNCTION, unsafe ccurl_set_sockopt_function(pointer, Self.onSocket))
        note(CURLOPT_SSL_CTX_FUNCTION, unsafe ccurl_set_tls_function(pointer, Self.onTLS))
    }

    func long(_ info: CURLINFO) -> Int {
        var value = 0
        return unsafe ccurl_get_long(pointer, info, &value) == CURLE_OK ? value : 0
    }

    func offset(_ info: CURLINFO) -> Int {
        var value: curl_off_t = 0
        return unsafe ccurl_get_offset(pointer, info, &value) == CURLE_OK ? Int(value) : 0
    }

    /// libcurl's words on the failure, in printable ASCII.
    var errorText: String {
        let bytes = unsafe UnsafeBufferPointer(start: message, count: Int(CURL_ERROR_SIZE) - 1)
        let text = unsafe bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: text.filter { (0x20...0x7E).contains($0) }, as: UTF8.self)
    }

    private func note(_ option: CURLoption, _ result: CURLcode) {
        if result != CURLE_OK, refusedOption == nil { refusedOption = option.rawValue }
    }
}

extension EasyHandle {
    private static func exchange(_ context: UnsafeMutableRawPointer?) -> Exchange? {
        unsafe context.map { unsafe Unmanaged<Exchange>.fromOpaque($0).takeUnretainedValue() }
    }

    private static let onRead: ccurl_data_function = { buffer, size, count, context in
        guard let buffer = unsafe buffer, let exchange = unsafe exchange(context) else { return Int(CURL_READFUNC_ABORT) }
        return unsafe exchange.fill(UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
    }

    private static let onBody: ccurl_data_function = { bytes, size, count, context in
        guard let exchange = unsafe exchange(context) else { return 0 }
        let received = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
        return unsafe exchange.receive(body: received) ? size * count : 0
    }

    private static let onHeader: ccurl_data_function = { bytes, size, count, context in
        guard let exchange = unsafe exchange(context) else { return 0 }
        let received = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
        return unsafe exchange.receive(headerLine: received) ? size * count : 0
    }

    /// The connection stands and the request is about to be written.
    private static let onRequest: curl_prereq_callback = { context, _, _, _, _ in
        guard let exchange = unsafe exchange(context) else { return CURL_PREREQFUNC_ABORT }
        return exchange.mayWriteRequest() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
    }

    /// The connection stands and TLS is about to begin.
    private static let onTLS: curl_ssl_ctx_callback = { _, _, context in
        unsafe exchange(context)?.tlsBegun = true
        return CURLE_OK
    }

    /// The name is resolved and a socket made.
    private static let onSocket: curl_sockopt_callback = { context, _, _ in
        guard let exchange = unsafe exchange(context) else { return CURL_SOCKOPT_ERROR }
        return exchange.mayConnect() ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR
    }
}
