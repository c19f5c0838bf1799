import AdapterKit
import HTTPTypes
import Metrics

/// `http_server_request_duration_seconds` of one request.
struct RequestDuration {
    let method: HTTPRequest.Method
    /// The path with its parameters' names; `nil`: nothing is at that path.
    let route: String?
    let status: Int

    func record(_ elapsed: Duration) {
        Metrics.Timer(
            label: "http_server_request_duration_seconds",
            dimensions: [
                ("http_request_method", knownMethod), ("http_route", route ?? "unmatched"),
                ("http_response_status_code", String(status)),
            ]
        ).recordNanoseconds(Int64(elapsed.inSeconds * 1e9))
    }

    /// Methods are the caller's text: only the well-known ones become a label.
    private var knownMethod: String {
        [.get, .post, .put, .patch, .delete, .head, .options].contains(method) ? method.rawValue : "other"
    }
}
