import Testing

@testable import ToxicProxy

@Suite("An address")
struct AddressTests {
    @Test(arguments: [
        ("127.0.0.1:0", "127.0.0.1", 0), ("localhost:26379", "localhost", 26379), ("[::1]:80", "::1", 80),
        (":8080", "127.0.0.1", 8080),
    ])
    func `is a host and a port`(text: String, host: String, port: Int) throws {
        let address = try #require(Address(text))
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(Address("\(address)") == address)
    }

    @Test(arguments: ["", "localhost", "localhost:", "localhost:65536", "localhost:-1", "localhost:http", "::1:80", "[::1]"])
    func `is nothing else`(text: String) { #expect(Address(text) == nil) }
}
