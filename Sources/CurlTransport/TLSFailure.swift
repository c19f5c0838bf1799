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

    /// Why libcurl did not accept the server's certificate.
    /// - Parameter verification: what `CURLINFO_SSL_VERIFYRESULT` says, an `X509_V_ERR_…`.
    static func verificationCode(_ verification: Int, text: String) -> TransportFailure.Code {
        switch verification {
        case 10: .serverCertificateExpired  // X509_V_ERR_CERT_HAS_EXPIRED
        case 23: .serverCertificateRevoked  // X509_V_ERR_CERT_REVOKED
        case let number where revocationListErrors.contains(number): .revocationListUnusable
        case 62, 64: .serverNameMismatch  // X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
        case noVerdict where text == alertTakenForVerification: .clientCertificateExpired
        case noVerdict where text.contains("target host name"): .serverNameMismatch
        default: .serverCertificateUntrusted
        }
    }

    /// X509_V_ERR_UNABLE_TO_GET_CRL, …_DECRYPT_CRL_SIGNATURE, CRL_SIGNATURE_FAILURE, CRL_NOT_YET_VALID, CRL_HAS_EXPIRED, ERROR_IN_CRL_…
    /// (two), UNABLE_TO_GET_CRL_ISSUER, KEYUSAGE_NO_CRL_SIGN, UNHANDLED_CRITICAL_CRL_EXTENSION, DIFFERENT_CRL_SCOPE and
    /// CRL_PATH_VALIDATION_ERROR.
    private static let revocationListErrors: Set = [3, 5, 8, 11, 12, 15, 16, 33, 35, 36, 44, 54]
    /// libcurl's starting value (X509_V_ERR_UNSPECIFIED), which stands when the chain was right.
    private static let noVerdict = 1
    /// What libcurl 7.88 makes of the alert certificate_expired, which is about our certificate, during the handshake.
    private static let alertTakenForVerification = "SSL certificate verification failed"
    /// ERR_LIB_SSL
    private static let sslLibrary: UInt32 = 20
    /// SSL_AD_REASON_OFFSET: an alert that the other side sent is its number and this.
    private static let alertOffset = 1000
    /// SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW and the alert protocol_version.
    private static let versionReasons: Set<Int> = [258, 396, alertOffset + 70]
}
