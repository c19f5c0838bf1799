import MockGateways
import Testing

@Suite("Names of misbehaviours")
struct MisbehaviourNameTests {
    @Test("every name reads back as it is written")
    func roundTrip() throws {
        let names =
            Misbehaviour.names.filter { !$0.contains(/[A-Z]/) } + [
                "decline_51", "decline_1A", "slow_before=0", "slow_after=600000", "callback_late=0",
            ]
        #expect(names.count == 59)
        for name in names { #expect(try #require(Misbehaviour(name)).description == name) }
    }

    @Test(
        "other names mean nothing",
        arguments: [
            "", "Pending", "pending ", "declined_", "declined_51", "declined_configuration", "declined_Other", "decline",
            "decline_", "decline_00", "decline_5", "decline_511", "decline_a1",
            "slow_before",
            "slow_before=", "slow_before=-1", "slow_before=600001", "slow_before=1=1", "slow_before=1s", "hang=1", "decline_CODE",
            "callback_", "callback_on_tim", "callback_on_time=1", "callback_late=", "callback_late=600001", "callback_late=-1",
        ])
    func unknown(name: String) { #expect(Misbehaviour(name) == nil) }
}
