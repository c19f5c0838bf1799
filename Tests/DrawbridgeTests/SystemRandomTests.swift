import Testing

@testable import Drawbridge

@Suite struct SystemRandomTests {
    @Test("as many bytes come as are asked for", arguments: [0, 1, 7, 8, 9, 16, 33])
    func count(_ count: Int) {
        #expect(SystemRandom().bytes(count).count == count)
    }

    @Test func `two draws of 16 bytes differ, and every place of a byte is used`() {
        let draws = (0..<64).map { _ in SystemRandom().bytes(16) }
        #expect(Set(draws).count == draws.count)
        for place in 0..<16 { #expect(Set(draws.map { $0[place] }).count > 1) }
    }
}
