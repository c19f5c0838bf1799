import AdapterKit
import Foundation
import MockGateways
import ProcessKit
import TestKit
import Testing

@Suite("The admin listener", .serialized, .timeLimit(.minutes(2)))
struct AdminTests {
    @Test("says that the process lives and is ready")
    func health() async throws {
        try await World.with { world in
            let health = try await world.gateway.ask("/health")
            #expect(health.status == 200)
            #expect(health["status"]?.text == "alive")
            let ready = try await world.gateway.ask("/ready")
            #expect(ready.status == 200)
            #expect(ready.json == .members([("ready", .bool(true)), ("reasons", .array([]))]))
        }
    }

    @Test(
        "has nothing else",
        arguments: [
            "/", "/metrics/", "/v1/payments", "/admin", "/admin/queue/", "/admin/gateways/bank-a", "/health/../metrics",
            "/%6detrics",
        ])
    func nothingElse(path: String) async throws {
        try await World.with { world in
            let reply = try await world.gateway.ask(path)
            #expect(reply.status == 404)
            #expect(reply.isProblem)
        }
    }

    @Test("counts what happens, under the contract's names and with no payment's id")
    func metrics() async throws {
        try await World.with { world in
            let paid = try await world.acme.pay()
            try world.bank.script(.decline(code: "51"), for: .charge)
            _ = try await world.acme.pay()
            try world.bank.script(.cutAfter, for: .charge)
            _ = try await world.acme.pay()
            _ = try await world.acme.get("/v1/payments/\(paid.id)/nothing")
            let reply = try await world.gateway.ask("/metrics")
            #expect(reply.status == 200)
            #expect(reply.headers.single("content-type")?.hasPrefix("text/plain; version=0.0.4") == true)
            let lines = Set(reply.text.split(separator: "\n").map(String.init))
            for line in [
                "# TYPE drawbridge_payments_total counter", "# TYPE drawbridge_attempts_total counter",
                "# TYPE http_server_request_duration_seconds histogram", "# TYPE http_client_request_duration_seconds histogram",
                "# TYPE drawbridge_in_flight gauge", "# TYPE drawbridge_tls_certificate_expiry_seconds gauge",
                #"drawbridge_payments_total{tenant="acme",status="succeeded"} 2"#,
                #"drawbridge_payments_total{tenant="acme",status="failed"} 1"#,
                #"drawbridge_payments_total{tenant="acme",status="processing"} 3"#,
                #"drawbridge_attempts_total{gateway="bank-a",operation="payment",outcome="approved"} 1"#,
                #"drawbridge_attempts_total{gateway="bank-a",operation="payment",outcome="declined"} 1"#,
                #"drawbridge_attempts_total{gateway="bank-a",operation="payment",outcome="unknown"} 1"#,
                #"http_client_request_duration_seconds_count{gateway="bank-a",operation="payment",http_response_status_code="200"} 2"#,
                #"http_client_request_duration_seconds_count{gateway="bank-a",operation="payment",error_type="resend_prevented"} 1"#,
                #"http_server_request_duration_seconds_count{http_request_method="POST",http_route="/v1/payments",http_response_status_code="201"} 3"#,
                #"http_server_request_duration_seconds_count{http_request_method="GET",http_route="unmatched",http_response_status_code="404"} 1"#,
                "drawbridge_in_flight 0.0",
            ] { #expect(lines.contains(line), "\(line)") }
            #expect(lines.contains { $0.hasPrefix(#"drawbridge_tls_certificate_expiry_seconds{gateway="bank-a","#) })
            #expect(!reply.text.contains("pay_"))
        }
    }

    @Test("keeps its metrics for who has the token, and answers probes without it")
    func token() async throws {
        try await World.with(.memory, try Setup { $0.adminToken = "4dmin-token" }) { world in
            for token in [nil, "", "4dmin-toke", "4dmin-token2", "\"4dmin-token\""] {
                let reply = try await world.gateway.ask("/metrics", token: token)
                #expect(reply.status == 401)
                #expect(reply.code == "unauthenticated")
            }
            let metrics = try await world.gateway.ask("/metrics", token: "4dmin-token")
            #expect(metrics.status == 200)
            for path in ["/admin/queue", "/admin/dead-letters", "/admin/gateways", "/admin/audit", "/admin/nothing"] {
                #expect(try await world.gateway.ask(path).code == "unauthenticated")
            }
            #expect(try await world.gateway.ask("/admin/queue", token: "4dmin-token").status == 200)
            #expect(try await world.gateway.ask("/admin/nothing", token: "4dmin-token").code == "not_found")
            #expect(try await world.gateway.ask("/health").status == 200)
            #expect(try await world.gateway.ask("/ready").status == 200)
        }
    }

    @Test("locks out an address that tries tokens, metrics and all, counts it, and logs no token")
    func attempts() async throws {
        try await World.with(.memory, try Setup { $0.adminToken = "4dmin-token" }) { world in
            for number in 0..<10 {
                let path = number.isMultiple(of: 2) ? "/metrics" : "/admin/queue"
                #expect(try await world.gateway.ask(path, token: "gu3ss-\(number)").status == 401)
            }
            for (path, token) in [("/metrics", "4dmin-token"), ("/admin/queue", "4dmin-token"), ("/admin/nothing", "gu3ss")] {
                let locked = try await world.gateway.ask(path, token: token)
                #expect(locked.status == 429)
                #expect(locked.code == "rate_limited")
                let wait = try #require(locked.headers.single("retry-after").flatMap { Int($0) })
                #expect((1...60).contains(wait))
            }
            #expect(try await world.gateway.ask("/health").status == 200)
            let metrics = try await world.gateway.ask("/metrics", token: "4dmin-token", from: "127.0.0.2")
            #expect(metrics.status == 200)
            #expect(metrics.text.contains(#"drawbridge_admin_refusals_total{reason="wrong"} 10"#))
            #expect(metrics.text.contains(#"drawbridge_admin_refusals_total{reason="locked"} 3"#))
            world.gateway.terminate()
            #expect(await world.gateway.program.ended() == 0)
            let log = world.gateway.program.output.text
            #expect(log.components(separatedBy: "admin token refused").count == 11)
            #expect(log.contains("127.0.0.1") && !log.contains("gu3ss") && !log.contains("4dmin"))
        }
    }
}
