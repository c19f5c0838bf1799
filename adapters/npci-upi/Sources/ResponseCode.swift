public import AdapterKit

/// The two-letter codes of banks and the U codes of the switch (protocols/npci-upi.md, 4).
enum ResponseCode {
    /// What a transaction that ended with FAILURE under a code has come to.
    enum Meaning: Equatable {
        case pending
        /// Closed, snake_case word.
        case unknown(String)
        case declined(FailureCategory)
        /// A decline once an inquiry says it; unknown before.
        case declinedOnceAsked(FailureCategory)
        case rejected(Rejection.Cause)
        /// An inquiry's "not found".
        case notFound
        /// The bank's own code within it tells.
        case wrapping
    }

    static let success = "00"

    private static let rows: [(meaning: Meaning, codes: [String])] = [
        (.pending, ["01"]),
        // Deemed: the credit is not confirmed, treated as done, and settled the day after.
        (.pending, ["RB", "BT", "91"]),
        (
            .unknown("leg_unanswered"),
            [
                "U67", "U68", "U82", "U88", "U87", "UT", "UP", "U09", "U20", "U23", "U27", "U80", "U26", "U53", "U18", "RR", "RP",
                "96",
            ]
        ),
        (.unknown("late_response"), ["U70", "ZL"]),
        (.unknown("reversal_failed"), ["U32", "U33", "ZQ"]),
        (.unknown("partial_reversal"), ["32"]),
        (.unknown("reference_known"), ["U01", "DT", "DF", "U35", "U36", "U38", "U39", "U42"]),
        (.unknown("generic_error"), ["U08", "U13", "UB"]),
        // Deemed only where the result says so.
        (.unknown("deemed_without_word"), ["M0"]),
        (.notFound, ["U04", "RNF"]),
        (.wrapping, ["U30"]),
        // The debit stands until a reversal is confirmed (21, U34): before that the payment must not go elsewhere.
        (.unknown("reversal_awaited"), ["U31"]),
        (.declined(.other), ["21", "U34"]),
        (.declinedOnceAsked(.issuerUnavailable), ["U85"]),
        // Turned away before the debit. Not `not_processed`: the same transaction id would be known there, so nothing is to be
        // sent again; a route that lists the category goes on elsewhere.
        (.declined(.issuerUnavailable), ["U28", "U78", "XY", "XZ", "ZJ", "ZK", "XT", "XU", "HS", "B7"]),
        (.declined(.gatewayUnavailable), ["U81", "U84", "U86", "U89", "U90", "U91"]),
        (.declined(.insufficientFunds), ["Z9", "U02", "U03", "IE"]),
        (.declined(.limitExceeded), ["Z7", "Z8", "ZU", "U16", "FL", "FP"]),
        (.declined(.authenticationRequired), ["ZM", "Z6", "ZR", "ZS", "ZT", "RM", "AM"]),
        // Refused or blocked by the payer: no category of ours, and none that a route should go on for.
        (.declined(.other), ["ZA", "ZG", "TM", "U19"]),
        (.declined(.expired), ["U69"]),
        (.declined(.invalidInstrument), ["ZH", "UX", "XH", "XI", "U29", "XX"]),
        (.declined(.notPermitted), ["ZX", "ZY", "YE", "YF", "B1", "B3", "SA", "VO"]),
        (.declined(.suspectedFraud), ["59", "K1", "ZI", "S0", "S1", "S2", "S3", "U66"]),
        (.declined(.doNotHonor), ["IR", "XB", "XC", "YC", "YD"]),
        (
            .rejected(.request),
            [
                "U05", "U06", "U07", "U11", "U12", "U48", "U49", "U50", "U51", "U54", "U56", "U57", "U58", "U59", "U60", "U61",
                "U62", "XF", "XG", "ZD",
            ]
        ),
        (.rejected(.credentials), ["U14", "U15", "U17", "U52", "U55", "UA"]),
    ]

    private static let meanings: [String: Meaning] = rows.reduce(into: [:]) { meanings, row in
        for code in row.codes { meanings[code] = row.meaning }
    }

    static let declineCategories = meanings.compactMapValues { meaning in
        if case .declined(let category) = meaning { category } else { nil }
    }

    /// A code that no row has is no decline.
    static func meaning(of code: String, inner: String?) -> Meaning {
        switch meanings[code] {
        case .wrapping?:
            inner.map { $0 == code ? .unknown("unknown_code") : meaning(of: $0, inner: nil) } ?? .unknown("unknown_code")
        case let meaning?: meaning
        case nil: .unknown("unknown_code")
        }
    }
}

extension NPCIUPIAdapter {
    /// The codes that end a transaction as declined.
    public static let declineCategories: [String: FailureCategory] = ResponseCode.declineCategories
}
