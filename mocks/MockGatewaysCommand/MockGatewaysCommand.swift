import ArgumentParser

/// `mock-gateways`: gateways to try Drawbridge against, in a process of their own.
@main
struct MockGatewaysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mock-gateways", abstract: "Gateways to try Drawbridge against. They move no money.",
        subcommands: [BankCommand.self, NPCIUPICommand.self, PixCommand.self, StripeCommand.self, ToxiproxyCommand.self])
}
