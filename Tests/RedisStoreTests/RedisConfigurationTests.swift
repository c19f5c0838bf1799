import RedisStore
import Testing

@Suite("The URL of Redis")
struct RedisConfigurationTests {
    @Test(
        "A URL says host, port, database and whether TLS is spoken",
        arguments: [
            ("redis://127.0.0.1:6379/0", "127.0.0.1", 6_379, 0, false),
            ("redis://redis.example", "redis.example", 6_379, 0, false),
            ("rediss://redis.example:7000/12", "redis.example", 7_000, 12, true), ("redis://[::1]:1/", "::1", 1, 0, false),
        ])
    func valid(_ url: String, _ host: String, _ port: Int, _ database: Int, _ usesTLS: Bool) throws {
        let configuration = try RedisConfiguration(url: url)
        #expect(configuration.host == host)
        #expect(configuration.port == port)
        #expect(configuration.database == database)
        #expect(configuration.usesTLS == usesTLS)
    }

    @Test(
        "Anything else is refused, without being quoted",
        arguments: [
            "", "redis", "127.0.0.1:6379", "http://127.0.0.1:6379", "REDIS://host:1 2", "redis://", "redis:///0",
            "redis://:6379/0",
            "redis://host:0", "redis://host:65536", "redis://host:port", "redis://host/first", "redis://host/-1",
            "redis://host/1/2",
            "redis://host/99999999999999999999", "redis://host/0?x=1", "redis://host/0#x", "redis://s3cret@host/0",
            "redis://:s3cret@host/0",
        ])
    func invalid(_ url: String) throws {
        let failure = #expect(throws: RedisConfiguration.InvalidURL.self) { try RedisConfiguration(url: url) }
        #expect(failure?.reason.contains("s3cret") == false)
    }
}
