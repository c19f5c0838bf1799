import AdapterKit
import Signing
import Testing

/// The vectors of protocols/bank-hmac.md.
@Suite struct KnownAnswerTests {
    struct Row: Sendable {
        let method: String, target: String
        let body: [UInt8]
        let tenant: String, key: String, timestamp: String, signature: String

        init(
            _ method: String, _ target: String, _ body: [UInt8], tenant: String = "acme-123", key: String = "",
            at timestamp: String = "2026-01-02T03:04:05Z", _ signature: String
        ) {
            (self.method, self.target, self.body) = (method, target, body)
            (self.tenant, self.key, self.timestamp, self.signature) = (tenant, key, timestamp, signature)
        }

        var request: HMACV1.Request {
            HMACV1.Request(method: method, target: target, body: body, tenant: tenant, idempotencyKey: key, timestamp: timestamp)
        }
    }

    static let rows = [
        Row(
            "POST", "/v1/charges", Array(#"{"reference":"pay_1","amount":1000,"currency":"BRL"}"#.utf8), key: "pay_1",
            "v1=dCxX7ffXfRbKOGVvwlyFOE+LAnQhs7b1W60KgA+1CWg="),
        Row("GET", "/v1/charges/pay_1", [], "v1=n4+pMz8C1DRK1+sbtgU0K6zoD0b4mx4CaiUEoEIfkMg="),
        Row("GET", "/v1/charges?b=2&a=1&a=0&c", [], "v1=QYAP69ZYU1GSBreDTjKfsYDAfGyKdLnPhVy36qWrvko="),
        Row(
            "POST", "/v1/contas/S%C3%A3o%20Paulo?x=%2F", [0xC3, 0xA9], key: "k~1",
            "v1=e6bHynk/9npmQrejcFInO7ilv+2TX5xDCtHUfHMoOYU="),
        Row(
            "POST", "/", [0x00, 0xFF, 0x0A], key: "bin", at: "2026-12-31T23:59:59Z",
            "v1=GkMB3E/6bBvYxmAlYH/kcg3JTZOXa539W1P/t5ZwwRY="),
        Row(
            "POST", "/callbacks/bank-a", Array(#"{"event_id":"evt_1"}"#.utf8), tenant: "n0nce-0123456789", key: "evt_1",
            "v1=zn7V9gQrAdpC+YPrrqg631BNK/BQgX7weglUx26UlHo="),
    ]

    private let secret = Secret(text: "k3y-for-tests-only")

    @Test("every request of the protocol's table has the signature that stands there", arguments: rows)
    func request(row: Row) throws {
        #expect(try HMACV1.signature(of: row.request, with: secret) == row.signature)
        #expect(HMACV1.verify(row.signature, of: row.request, with: [secret]))
    }

    @Test func `the answer of the protocol's table has the signature that stands there`() throws {
        let answer = HMACV1.Answer(
            status: 200, body: Array(#"{"status":"APPROVED"}"#.utf8), requestID: "req-1", timestamp: "2026-01-02T03:04:05Z")
        let signature = "v1=S3Q1DXyNDr34+u2zdi4Ap2M3AzkD/2z0i/z/p4xrUjg="
        #expect(try HMACV1.signature(of: answer, with: secret) == signature)
        #expect(HMACV1.verify(signature, of: answer, with: [secret]))
    }

    @Test func `every vector of the companion file has its canonical string and its signature`() throws {
        let file = try VectorFile()
        #expect(file.vectors.count == 14)
        for vector in file.vectors {
            #expect(try HMACV1.canonical(vector.request) == vector.canonical, "\(vector.name)")
            #expect(try HMACV1.signature(of: vector.request, with: file.secret) == vector.signature, "\(vector.name)")
            #expect(HMACV1.verify(vector.signature, of: vector.request, with: [file.secret]), "\(vector.name)")
        }
    }

    @Test func `no vector's signature passes for another's request`() throws {
        let file = try VectorFile()
        for (index, vector) in file.vectors.enumerated() {
            for (place, other) in file.vectors.enumerated() where place != index {
                #expect(!HMACV1.verify(vector.signature, of: other.request, with: [file.secret]), "\(vector.name)")
            }
        }
    }

    @Test func `a question mark with nothing after it is no query, and an empty target is the root`() throws {
        var request = try #require(Self.rows.first).request
        request.target = "/v1/charges?"
        #expect(try HMACV1.canonical(request).hasPrefix("POST\n/v1/charges\n\n"))
        request.target = ""
        #expect(try HMACV1.canonical(request).hasPrefix("POST\n/\n\n"))
    }

    @Test(
        "lines of any length are put together whole",
        arguments: [
            ("", "/", ""), ("?", "/", ""), ("?b&a", "/", "a&b"), ("?&", "/", "&"), ("/?a?b", "/", "a?b"),
            ("/" + String(repeating: "p", count: 5000), "/" + String(repeating: "p", count: 5000), ""),
        ])
    func lines(target: String, path: String, query: String) throws {
        let long = String(repeating: "k", count: 3000)
        for (tenant, key, timestamp) in [("", "", ""), (long, "", ""), ("", long, ""), (long, long, long)] {
            let request = HMACV1.Request(
                method: "DELETE", target: target, body: [], tenant: tenant, idempotencyKey: key, timestamp: timestamp)
            let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            #expect(try HMACV1.canonical(request) == "DELETE\n\(path)\n\(query)\n\(empty)\n\(tenant)\n\(key)\n\(timestamp)")
            let answer = HMACV1.Answer(status: -100, body: [], requestID: key, timestamp: timestamp)
            #expect(try HMACV1.canonical(answer) == "-100\n\(empty)\n\(key)\n\(timestamp)")
        }
    }
}
