import AdapterKit
import CurlTransport
import Payments
import TestKit
import Testing

/// Webhooks and banks alike: where a signed request goes is decided by the configuration, not by whoever answers it.
@Suite("Redirects", .timeLimit(.minutes(1)))
struct RedirectTests {
    @Test(
        "A redirect is an answer like any other: nobody goes where it points",
        arguments: ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"])
    func notFollowed(status: String) async throws {
        let world = try World()
        let elsewhere = try await TestBank(tls: nil)
        let bank = try await TestBank(tls: world.tls()) { request in
            guard request.value(of: "x-last") == nil else { return .ok }
            return .text(
                "HTTP/1.1 \(status)\r\nLocation: http://127.0.0.1:\(elsewhere.port)/there\r\nContent-Length: 0\r\n\r\n")
        }
        let transport = try CurlTransport()
        for request in [EgressRequest.post(), .get] {
            let answer = try await transport.send(request, to: world.endpoint(bank))
            #expect(answer.status == Int(status.prefix(3)))
            #expect(answer.headers.single("Location") == "http://127.0.0.1:\(elsewhere.port)/there")
        }
        // The next answer comes after anything that a redirect would have caused.
        var last = EgressRequest.get
        last.headers.add("X-Last", "1")
        #expect(try await transport.send(last, to: world.endpoint(bank)).status == 200)
        #expect(bank.counts.begun == 3)
        #expect(elsewhere.counts.connections == 0)
        await transport.shutdown()
        try await bank.stop()
        try await elsewhere.stop()
    }
}
