"""How the programs are told of each other. JSON is YAML."""

TENANT_KEY = {"id": "bench-1", "secret": "text:t3nant-secret-for-the-bench"}
BANK_KEY = {"id": "bank-key-1", "secret": "text:b4nk-secret-for-the-bench"}
CALLBACK_KEY = {"id": "callback-1", "secret": "text:c4llback-secret-for-the-bench"}
BANK_TENANT = "bench"
# 32 bytes.
RING_KEY = "YmVuY2htYXJrcy1yaW5nLWtleS1ub3Qtc2VjcmV0ISE="
# Who pays, and the bank where each does.
TENANT, FAST_TENANT = "bench", "bench-fast"


def drawbridge(name, ports, redis, banks, certificates, gateway, payments):
    """Everything as it is by default, but for the addresses, the rate that a tenant may have, which is far below what is driven
    here, and what a benchmark says of all gateways and of payments. Each bank has a tenant of its own.
    """
    tenants = (TENANT, FAST_TENANT)[: len(banks)]
    return {
        "deployment": f"bench-{name}",
        "listen": {listener: {"address": f"127.0.0.1:{port}"} for listener, port in ports.items()},
        "state": {"backend": "redis", "redis": {"url": f"redis://127.0.0.1:{redis}/0", "key_prefix": f"{name}:"}},
        "encryption": {"keys": [{"id": "ring-1", "key": f"text:{RING_KEY}"}]},
        "tenants": {
            tenant: {"keys": [TENANT_KEY], "rate": {"per_second": 1_000_000, "burst": 1_000_000}} for tenant in tenants
        },
        "gateways": {bank: _gateway(port, certificates) | gateway for bank, port in banks.items()},
        "routes": [{"match": {"tenant": [tenant]}, "gateways": [bank]} for tenant, bank in zip(tenants, banks, strict=True)],
        "payments": payments,
    }


def _gateway(port, certificates):
    return {
        "adapter": "bank-hmac",
        "base_url": f"https://127.0.0.1:{port}",
        "allow_private_addresses": True,
        "settings": {"tenant": BANK_TENANT, "key_id": BANK_KEY["id"], "secret": BANK_KEY["secret"]},
        "tls": {
            "ca": f"{certificates}/ca.pem", "certificate": f"{certificates}/client.pem", "key": f"{certificates}/client.key",
        },
        "callback": {"keys": [CALLBACK_KEY]},
    }  # fmt: skip


def bank(certificates):
    """Arguments of `mock-gateways bank`; it takes free ports and tells them."""
    return [
        "bank", "--port", 0, "--control-port", 0,
        "--certificate", f"{certificates}/server.pem", "--key", f"{certificates}/server.key",
        "--client-ca", f"{certificates}/ca.pem", "--tenant", BANK_TENANT,
        "--key-id", BANK_KEY["id"], "--secret", BANK_KEY["secret"],
    ]  # fmt: skip


def envoy(port, bank_port, certificates):
    """A bare proxy that originates mutual TLS: one route, one retry policy, no access log, no admin listener."""
    route = {
        "match": {"prefix": "/"},
        "route": {"cluster": "bank", "timeout": "30s", "retry_policy": {"retry_on": "connect-failure", "num_retries": 1}},
    }
    manager = {
        "@type": _envoy_type("filters.network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "egress",
        "route_config": {"virtual_hosts": [{"name": "bank", "domains": ["*"], "routes": [route]}]},
        "http_filters": [
            {"name": "envoy.filters.http.router", "typed_config": {"@type": _envoy_type("filters.http.router.v3.Router")}}
        ],
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    listener = {"address": _envoy_address(port), "filter_chains": [{"filters": filters}]}
    identity = {
        "certificate_chain": {"filename": f"{certificates}/client.pem"},
        "private_key": {"filename": f"{certificates}/client.key"},
    }
    tls = {
        "@type": _envoy_type("transport_sockets.tls.v3.UpstreamTlsContext"),
        "sni": "localhost",
        "common_tls_context": {
            "tls_certificates": [identity],
            "validation_context": {"trusted_ca": {"filename": f"{certificates}/ca.pem"}},
        },
    }
    endpoint = {"endpoint": {"address": _envoy_address(bank_port)}}
    cluster = {
        "name": "bank", "type": "STATIC", "connect_timeout": "2s",
        "load_assignment": {"cluster_name": "bank", "endpoints": [{"lb_endpoints": [endpoint]}]},
        "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": tls},
    }  # fmt: skip
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _envoy_type(name):
    return f"type.googleapis.com/envoy.extensions.{name}"


def _envoy_address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
