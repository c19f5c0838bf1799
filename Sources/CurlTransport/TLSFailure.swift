internal import Payments

/// OpenSSL's own numbers, read out of libcurl's error text and transfer information: texts change, these do not.
enum TLSFailure {
    /// The reason in a packed error of OpenSSL's SSL library, as in `error:0A000412:SSL routines::…`.
    static func reason(in text: String) -> Int? {
        guard let start = text.firstRange(of: "error:"), let packed = UInt32(text[start.upperBound...].prefix(8), radix: 16)
        else {
            return nil
        }
        return packed >> 23 == sslLibrary ? Int(packed & 0x7F_FFFF) : nil
    }

    /// What the gateway's alert says of our certificate (RFC 8446, section 6.2); `nil` for every other reason.
    static func clientCertificateCode(reason: Int) -> TransportFailure.Code? {
        switch reason - alertOffset {
        case 42, 43, 46: .clientCertificateRefused
        case 44: .clientCertificateRevoked
        case 45: .clientCertificateExpired
        case 48: .clientCertificateUnknownAuthority
        case 116: .clientCertificateRequired
        default: nil
        }
    }

    static func isAboutVersion(reason: Int) -> Bool { versionReasons.contains(reason) }

    /// - Parameter verification: what `CURLINFO_SSL_VERIFYRESULT` says, an `X509_V_ERR_…`; nought when the chain was right and
    ///   libcurl itself did not find the host in the certificate.
    static func serverCertificateCode(verification: Int) -> TransportFailure.Code {
        switch verification {
        case 0, 62, 64: .serverNameMismatch  // X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
        // Left as libcurl sets it at the start: no verdict of ours. It gives this code also for the alert certificate_expired.
        case 1: .clientCertificateExpired
        case 10: .serverCertificateExpired  // X509_V_ERR_CERT_HAS_EXPIRED
        default: .serverCertificateUntrusted
        }
    }

    /// ERR_LIB_SSL
    private static let sslLibrary: UInt32 = 20
    /// SSL_AD_REASON_OFFSET: an alert that the other side sent is its number and this.
    private static let alertOffset = 1000
    /// SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW and the alert protocol_version.
    private static let versionReasons: Set<Int> = [258, 396, alertOffset + 70]
}
