extension NewAdapter {
    var readme: String {
        """
        # \(name)

        FILL IN: what the gateway is. Facts: FILL IN, with their sources. What is not written there is not declared.

        ## Settings
        | name | meaning |
        | --- | --- |
        | `account` | our account at the gateway; required |
        | `api_key` | the key that every request carries; required, a reference (`env:`, `file:`) |

        ```yaml
        gateways:
          \(name):
            adapter: \(name)
            base_url: https://api.\(name).example
            settings: { account: acme-123, api_key: env:\(variable) }
        ```

        ## Operations
        FILL IN: what is offered, by which methods, and for each promise of `capabilities` where the gateway makes it.

        ## Codes
        `Sources/DeclineCodes.swift` is the table. Any other code, or none, is `other`.

        ## Reasons of `unknown` and `unanswered`
        `unexpected_status`

        ## Not covered
        Callbacks, authorise and capture, void, account validation.

        """
    }

    private var variable: String { name.uppercased().replacing("-", with: "_") + "_KEY" }
}
