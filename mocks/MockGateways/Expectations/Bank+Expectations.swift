import NIOHTTP1

extension Bank {
    /// What an expectation says is to be done; `nil` leaves the request to the face.
    func expected(_ request: CollectedRequest) -> Expectations.Action? {
        let received = ReceivedRequest(
            method: request.method, target: request.head.uri, headers: request.head.headers.map { ($0.name, $0.value) },
            body: request.body)
        // As a real MockServer answers what nothing matches.
        return expectations.answer(to: received) ?? (isStatic ? .respond(ExpectedResponse(status: 404)) : nil)
    }
}

extension Reply {
    init(_ response: ExpectedResponse) {
        let headers = HTTPHeaders(response.headers.map { ($0.name, $0.value) })
        self.init(status: response.status, headers: headers, body: response.body)
        reason = response.reason
        if response.closesConnection { delivery = .wholeThenClose }
    }
}
