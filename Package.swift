// swift-tools-version: 6.2
import PackageDescription

/// Swift 6 language mode comes with the tools version; the rest is what the whole project promises.
let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// One row per gateway adapter: the module's name and its folder below adapters/.
let adapters: [(module: String, folder: String)] = [
    ("BankHMAC", "bank-hmac"),
    ("NPCIUPI", "npci-upi"),
    ("Pix", "pix"),
    ("Stripe", "stripe"),
]

func adapterTargets(module: String, folder: String) -> [Target] {
    [
        // packageAccess: false makes "only the verifier can read a secret or make a verified answer" a compile error.
        .target(
            name: module, dependencies: ["AdapterKit", "Signing"], path: "adapters/\(folder)/Sources",
            packageAccess: false, swiftSettings: strict),
        .testTarget(
            name: "\(module)Tests", dependencies: [.target(name: module), "AdapterKit", "TestKit"],
            path: "adapters/\(folder)/Tests", resources: [.copy("Fixtures")], swiftSettings: strict),
    ]
}

let package = Package(
    name: "drawbridge",
    products: [
        .executable(name: "drawbridge", targets: ["Drawbridge"]),
        .executable(name: "mock-gateways", targets: ["MockGatewaysCommand"]),
    ],
    dependencies: [
        // HTTP server of the API and the admin listener.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        // Bytes to and from Redis; the servers that tests play.
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        // TLS for rediss:// and for the mock bank.
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        // HTTP/2 at the mock bank, so that the transport is shown to use it.
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        // The HTTP parts that Hummingbird's channel handlers exchange.
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        // Typed header fields, as Hummingbird hands them over.
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        // HMAC-SHA-256, SHA-256 and AES-GCM.
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        // Verifies the access tokens of tenants: the JOSE formats and RSA.
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        // Reads the certificates that `check` opens, makes those that tests need.
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        // DER and PEM beneath swift-certificates.
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        // YAML with line numbers for the configuration file.
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        // The command line.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // Start order, signals and draining.
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        // The logging API.
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        // The metrics API.
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),

        .target(name: "AdapterKit", swiftSettings: strict),
        .target(
            name: "Signing", dependencies: ["AdapterKit", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict),
        .target(name: "Resilience", swiftSettings: strict),
        .target(
            name: "Payments",
            dependencies: [
                "AdapterKit", "Signing", "Resilience",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ], swiftSettings: strict),
        .target(
            name: "CurlTransport", dependencies: ["Payments", "AdapterKit", "CCurl"], swiftSettings: strict),
        .target(
            name: "RedisStore",
            dependencies: [
                "Payments", "AdapterKit", "Resilience", "CHiredis",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ], swiftSettings: strict),
        .executableTarget(
            name: "Drawbridge",
            dependencies: [
                "AdapterKit", "Signing", "Resilience", "Payments", "CurlTransport", "RedisStore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "Yams", package: "Yams"),
            ] + adapters.map { .init(stringLiteral: $0.module) },
            resources: [.embedInCode("Resources/openapi.yaml")],
            swiftSettings: strict),

        .target(
            name: "MockGateways",
            dependencies: [
                "AdapterKit", "Signing",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ], path: "mocks/MockGateways", swiftSettings: strict),
        .target(
            name: "ToxicProxy",
            dependencies: [
                "AdapterKit",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ], path: "mocks/ToxicProxy", swiftSettings: strict),
        .executableTarget(
            name: "MockGatewaysCommand",
            dependencies: [
                "AdapterKit", "MockGateways", "ToxicProxy",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "mocks/MockGatewaysCommand", swiftSettings: strict),
        .target(
            name: "TestKit",
            dependencies: [
                "AdapterKit", "Payments", "Resilience", "Signing",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ], path: "mocks/TestKit", swiftSettings: strict),
        .target(
            name: "ProcessKit",
            dependencies: [
                "AdapterKit", "MockGateways", "Signing", "TestKit",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ], path: "mocks/ProcessKit", swiftSettings: strict),

        .testTarget(name: "AdapterKitTests", dependencies: ["AdapterKit"], swiftSettings: strict),
        .testTarget(
            name: "SigningTests", dependencies: ["AdapterKit", "Signing"], resources: [.copy("Vectors")], swiftSettings: strict),
        .testTarget(name: "ResilienceTests", dependencies: ["Resilience"], swiftSettings: strict),
        .testTarget(
            name: "PaymentsTests", dependencies: ["AdapterKit", "BankHMAC", "Payments", "Resilience", "Signing", "TestKit"],
            swiftSettings: strict),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "AdapterKit", "BankHMAC", "Payments", "Resilience", "Signing", "TestKit",
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .testTarget(
            name: "CurlTransportTests",
            dependencies: [
                "AdapterKit", "CCurl", "CurlTransport", "Payments", "TestKit",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ], swiftSettings: strict),
        .testTarget(
            name: "RedisStoreTests",
            dependencies: [
                "AdapterKit", "Payments", "RedisStore", "Resilience", "TestKit",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ], swiftSettings: strict),
        .testTarget(
            name: "DrawbridgeTests",
            dependencies: [
                "AdapterKit", "Drawbridge", "Payments", "Resilience", "TestKit",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ], swiftSettings: strict),
        .testTarget(
            name: "IntegrationTests",
            dependencies: ["AdapterKit", "Drawbridge", "MockGateways", "ProcessKit", "Signing", "TestKit"],
            swiftSettings: strict),
        .testTarget(
            name: "ChaosTests",
            dependencies: ["AdapterKit", "Drawbridge", "MockGateways", "ProcessKit", "RedisStore", "TestKit"],
            swiftSettings: strict),
        .testTarget(
            name: "MockGatewaysTests",
            dependencies: [
                "AdapterKit", "MockGateways", "MockGatewaysCommand", "Signing", "TestKit",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ], swiftSettings: strict),
        .testTarget(
            name: "ToxicProxyTests",
            dependencies: [
                "AdapterKit", "MockGatewaysCommand", "ToxicProxy",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ], swiftSettings: strict),
        .testTarget(name: "ConventionTests", swiftSettings: strict),
    ] + adapters.flatMap { adapterTargets(module: $0.module, folder: $0.folder) }
)
