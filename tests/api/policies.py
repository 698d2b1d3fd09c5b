"""Who may ask what, written down by hand: tests hold the server to it."""

from __future__ import annotations

NAMED = {"{name}": "x", "{id}": "x", "{subscriber}": "x"}

POLICIES = {
    **{("POST", f"/v1/{kind}"): "write" for kind in ["alias", "group", "identify", "page", "screen", "track", "batch"]},
    ("HEAD", "/v1/webhooks/{name}"): "open",
    ("GET", "/v1/webhooks/{name}"): "open",
    ("POST", "/v1/webhooks/{name}"): "signature",
    ("GET", "/v1/segments"): "read",
    ("POST", "/v1/segments"): "manage",
    ("POST", "/v1/segments/preview"): "read",
    ("GET", "/v1/segments/{name}"): "read",
    ("PUT", "/v1/segments/{name}"): "manage",
    ("DELETE", "/v1/segments/{name}"): "manage",
    ("GET", "/v1/segments/{name}/versions"): "read",
    ("POST", "/v1/segments/{name}/rollback"): "manage",
    ("GET", "/v1/segments/{name}/members"): "read",
    ("GET", "/v1/segments/{name}/explain/{subscriber}"): "read",
    ("GET", "/v1/subscribers/{id}"): "read",
    ("GET", "/v1/subscribers/{id}/segments"): "read",
    ("GET", "/v1/subscribers/{id}/events"): "read",
    ("GET", "/v1/changes"): "read",
    ("GET", "/v1/destinations"): "admin",
    ("POST", "/v1/destinations"): "admin",
    ("GET", "/v1/destinations/{name}"): "admin",
    ("DELETE", "/v1/destinations/{name}"): "admin",
    ("PUT", "/v1/destinations/{name}/state"): "admin",
    ("POST", "/v1/destinations/{name}/sync"): "admin",
    ("POST", "/v1/destinations/{name}/test"): "admin",
    ("POST", "/v1/destinations/{name}/secrets"): "admin",
    ("GET", "/v1/shoal.js"): "open",
    ("GET", "/healthz"): "open",
    ("GET", "/readyz"): "open",
    ("GET", "/metrics"): "open",
}
