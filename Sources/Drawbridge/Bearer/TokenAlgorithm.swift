/// The signature algorithms that are taken (RFC 7518). What is not here cannot be asked for by a token: neither `none` nor a MAC.
enum TokenAlgorithm: String {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    case rs256 = "RS256"
    /// ECDSA on P-256 with SHA-256.
    case es256 = "ES256"
}
