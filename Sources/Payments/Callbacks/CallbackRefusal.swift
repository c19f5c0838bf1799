/// Why a delivery is not let in: a closed word for the log and the metric. The sender learns the status alone.
package enum CallbackRefusal: String, Error, Sendable, CaseIterable {
    case sourceNotAllowed = "source_not_allowed"
    case certificateMissing = "certificate_missing"
    case certificateOfAnother = "certificate_of_another"
    case headerMissing = "header_missing"
    case headerRepeated = "header_repeated"
    case headerMalformed = "header_malformed"
    case keyUnknown = "key_unknown"
    case badSignature = "bad_signature"
    case outsideWindow = "outside_window"

    /// The HTTP status: 403 for who it comes from, 401 for what it shows.
    package var status: Int {
        switch self {
        case .sourceNotAllowed, .certificateMissing, .certificateOfAnother: 403
        case .headerMissing, .headerRepeated, .headerMalformed, .keyUnknown, .badSignature, .outsideWindow: 401
        }
    }
}
