extension NewAdapter {
    var adapterSource: String {
        #"""
        public import AdapterKit

        /// FILL IN: what the gateway is, and where its facts stand.
        public struct \#(module)Adapter: GatewayAdapter {
            public static let name = "\#(name)"
            public static let summary = "FILL IN: one sentence for people choosing an adapter."

            /// FILL IN: what the configuration must say of this gateway. `init` reads the same names.
            public static let settings = [
                SettingDescription("account", "our account at the gateway", required: true),
                SettingDescription("api_key", "the key that every request carries", required: true),
            ]

            /// FILL IN: names of members whose values are never secret or personal. Nothing else of a message is logged.
            public static let loggableMembers: Set<String> = []

            public let account: [String]
            public let authentication: Authentication

            public init(settings: AdapterSettings) throws(SettingsFailure) {
                try settings.allow(only: Self.settings.map(\.name))
                account = [try settings.requiredText("account")]
                guard let key = try settings.secret("api_key") else {
                    throw settings.failure(of: "api_key", expected: "a secret; it is required")
                }
                authentication = .bearer(key)
            }

            /// FILL IN: what the gateway promises, and where it says so. Here it promises nothing, so that a payment whose answer was lost
            /// is never sent again or elsewhere.
            public var capabilities: Capabilities {
                Capabilities(
                    operations: [.payment, .inquiry, .refund], methods: [.card], idempotency: .none, inquiryByReference: false,
                    notFoundFinalAfter: nil, acceptsSignedRequestFor: nil, reversal: false, lateSuccess: .within(.seconds(86_400)))
            }
        }

        """#
    }

    var requestSource: String {
        #"""
        public import AdapterKit

        extension \#(module)Adapter {
            /// FILL IN: the same operation gives the same bytes, and what moves money has a body.
            public func request(for operation: Operation) throws(EncodingFailure) -> GatewayRequest {
                throw EncodingFailure(reason: "the adapter does not write \(operation.name.rawValue) yet")
            }
        }

        """#
    }

    var outcomeSource: String {
        #"""
        public import AdapterKit

        extension \#(module)Adapter {
            /// FILL IN: only the gateway's own word is approved or declined. What cannot be read, names another reference or another amount,
            /// or is not described, stays unknown.
            public func outcome(of response: GatewayResponse, for operation: Operation) -> Outcome {
                .unknown(Unknown(reason: "unexpected_status"))
            }

            /// FILL IN: `.found` with the outcome of what was found; `.notFound` only for the protocol's own form of it.
            public func inquiryAnswer(of response: GatewayResponse, for operation: Operation) -> InquiryAnswer {
                .unanswered(reason: "unexpected_status")
            }
        }

        """#
    }

    var codesSource: String {
        #"""
        public import AdapterKit

        extension \#(module)Adapter {
            /// FILL IN: the gateway's codes of a decline, each with a fixture. One that is not here is `other`.
            public static let declineCategories: [String: FailureCategory] = [:]

            static func declineCategory(of code: String?) -> FailureCategory {
                code.flatMap { declineCategories[$0] } ?? .other
            }
        }

        """#
    }
}
