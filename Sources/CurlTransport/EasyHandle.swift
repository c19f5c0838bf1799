internal import AdapterKit
internal import CCurl
internal import Glibc
internal import Payments

/// One of libcurl's handles, which carries one exchange after another to one endpoint. Owns its header list and its error buffer;
/// used on the transport's thread only.
///
/// To make, configure and free one takes longer than to carry an exchange (measured with 7.88), and so what the exchanges of a
/// pool have in common is set once.
@safe final class EasyHandle {
    let pointer: UnsafeMutableRawPointer
    private let message: UnsafeMutablePointer<CChar>
    private var headers: HeaderList?
    /// The first option that libcurl did not take. Such a transfer must not run: it could be less strict than asked.
    private(set) var refusedOption: UInt32?

    /// - Parameter endpoint: its base path and time-outs do not matter, as they come with each exchange.
    init?(to endpoint: Endpoint) {
        guard let pointer = unsafe curl_easy_init() else { return nil }
        unsafe self.pointer = pointer
        unsafe message = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe message.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        note(CURLOPT_ERRORBUFFER, unsafe ccurl_set_pointer(pointer, CURLOPT_ERRORBUFFER, message))
        setFunctions()
        configure(for: endpoint)
        guard refusedOption == nil else { return nil }
    }

    deinit {
        unsafe curl_easy_cleanup(pointer)
        unsafe message.deallocate()
    }

    /// Everything that the exchange before may have left is set anew, or taken away by `release`.
    /// - Parameter elapsed: what is gone of the exchange's time already.
    func prepare(for exchange: Exchange, elapsed: Duration) {
        // libcurl writes into it only when something goes wrong.
        unsafe message.pointee = 0
        configure(for: exchange.submission, elapsed: elapsed)
        setContext(exchange)
    }

    /// Lets go of the exchange that has ended: of its request nothing is kept while the handle waits for the next one.
    func release() {
        setContext(nil)
        unset(CURLOPT_URL)
        note(CURLOPT_HTTPHEADER, unsafe ccurl_set_headers(pointer, nil))
        headers = nil
        // libcurl frees the buffer that the body went through, if it still has it.
        setUploadBuffer()
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

    func set(headers lines: [UInt8]) {
        let list = HeaderList(lines)
        note(CURLOPT_HTTPHEADER, unsafe ccurl_set_headers(pointer, list.first))
        headers = consume list
    }

    func setUploadBuffer() { set(CURLOPT_UPLOAD_BUFFERSIZE, 16_384) }

    private func setFunctions() {
        note(CURLOPT_READFUNCTION, unsafe ccurl_set_data_function(pointer, CURLOPT_READFUNCTION, Self.onRead))
        note(CURLOPT_WRITEFUNCTION, unsafe ccurl_set_data_function(pointer, CURLOPT_WRITEFUNCTION, Self.onBody))
        note(CURLOPT_HEADERFUNCTION, unsafe ccurl_set_data_function(pointer, CURLOPT_HEADERFUNCTION, Self.onHeader))
        note(CURLOPT_PREREQFUNCTION, unsafe ccurl_set_prereq_function(pointer, Self.onRequest))
        note(CURLOPT_OPENSOCKETFUNCTION, unsafe ccurl_set_open_function(pointer, Self.onOpen))
        note(CURLOPT_SSL_CTX_FUNCTION, unsafe ccurl_set_tls_function(pointer, Self.onTLS))
    }

    private static let contexts = [
        CURLOPT_READDATA, CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_PREREQDATA, CURLOPT_OPENSOCKETDATA, CURLOPT_SSL_CTX_DATA,
    ]

    /// Every callback gets the exchange, which outlives the transfer: the pool holds it until libcurl is done.
    private func setContext(_ exchange: Exchange?) {
        let context = unsafe exchange.map { unsafe Unmanaged.passUnretained($0).toOpaque() }
        for option in Self.contexts { note(option, unsafe ccurl_set_pointer(pointer, option, context)) }
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

    /// The name is resolved, and a socket asked for by which this address is to be connected to.
    private static let onOpen: curl_opensocket_callback = { context, _, target in
        guard let target = unsafe target, let exchange = unsafe exchange(context),
            unsafe exchange.mayConnect(to: IPAddress(ccurl_read_target(target)))
        else { return CURL_SOCKET_BAD }
        let kind = unsafe target.pointee.socktype | Int32(bitPattern: SOCK_CLOEXEC.rawValue)
        return unsafe socket(target.pointee.family, kind, target.pointee.protocol)
    }
}
