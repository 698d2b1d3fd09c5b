"""How the calls of the Segment wire format are described: their bodies are read without a model, for speed.

Source: https://segment.com/docs/connections/spec/.
"""

from __future__ import annotations

from typing import Any

from shoal.ingest.calls import BATCH

# What these hold is judged call by call and told in words, so most have no type here.
_TIME = "ISO 8601, or milliseconds since 1970."
_SHARED: dict[str, Any] = {
    "userId": {"description": "One's own id of the person: a text or a whole number."},
    "anonymousId": {"description": "An id of the browser or device."},
    "messageId": {"description": "The same call again, with the same id, counts once."},
    "timestamp": {"description": f"When it happened, by the sender's clock. {_TIME}"},
    "sentAt": {"description": f"When it was sent, by the same clock, which is corrected with it. {_TIME}"},
    "context": {"description": "An object: the page, campaign, device, address and browser that it came from."},
    "writeKey": {"description": "The key, where no header can show it."},
}
_PROPERTIES = {"description": "An object: what is said of the event."}
_NAMED = {
    "name": {"description": "Name of the page or screen."},
    "category": {"description": "What kind of page or screen it is."},
    "properties": _PROPERTIES,
}
_OWN: dict[str, dict[str, Any]] = {
    "track": {
        "event": {"type": "string", "minLength": 1, "description": "What happened."},
        "properties": _PROPERTIES,
    },
    "page": _NAMED,
    "screen": _NAMED,
    "identify": {"traits": {"description": "An object: facts about the person; `email` and `phone` are identities."}},
    "group": {
        "groupId": {"description": "One's own id of the group."},
        "traits": {"description": "An object: facts about the group."},
    },
    "alias": {"previousId": {"description": "The id that the person had before."}},
}
_WHO = {"userId": "u1", "messageId": "8f1c0a52", "timestamp": "2026-03-01T09:30:00Z"}
_EXAMPLES: dict[str, dict[str, Any]] = {
    "track": {**_WHO, "event": "Product Viewed", "properties": {"product_id": "beans-1", "price": 12.5}},
    "page": {**_WHO, "name": "Pricing", "properties": {"path": "/pricing"}},
    "screen": {**_WHO, "name": "Basket", "properties": {}},
    "identify": {**_WHO, "traits": {"email": "ada@example.org", "plan": "trial"}},
    "group": {**_WHO, "groupId": "g1", "traits": {"name": "Example Ltd"}},
    "alias": {**_WHO, "previousId": "5f0c3a9e-5b0e-4c43-9f0f-0a1b2c3d4e5f"},
}
_REQUIRED = {"track": ["event"], "group": ["groupId"], "alias": ["previousId"]}


def body_described(kind: str) -> dict[str, Any]:
    """The body of a call, or of a batch of calls, with an example."""
    content = {"schema": _schema(kind), "example": _example(kind)}
    return {"required": True, "content": {"application/json": content}}


def taken_described() -> dict[str, Any]:
    """The answer: what could not be taken of a batch is told, and kept beside; warnings tell what was corrected."""
    said = {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"reason": {"type": "string"}, "message": {"type": "string"}},
            "required": ["reason", "message"],
        },
    }
    schema = {
        "type": "object",
        "properties": {"success": {"const": True}, "refused": said, "warnings": said},
        "required": ["success"],
        "additionalProperties": False,
    }
    return {"description": "All is on disk.", "content": {"application/json": {"schema": schema}}}


def _schema(kind: str) -> dict[str, Any]:
    if kind == BATCH:
        return {
            "type": "object",
            "properties": {
                "batch": {
                    "type": "array",
                    "items": {"description": "A call with its `type`; at most 32 KB."},
                },
                "sentAt": _SHARED["sentAt"],
                "writeKey": _SHARED["writeKey"],
            },
            "required": ["batch"],
        }
    return {
        "type": "object",
        "properties": {**_OWN[kind], **_SHARED},
        "required": _REQUIRED.get(kind, []),
        "description": "With a userId, an anonymousId, or an address among the traits.",
    }


def _example(kind: str) -> dict[str, Any]:
    if kind != BATCH:
        return _EXAMPLES[kind]
    calls = [{"type": one, **_EXAMPLES[one]} for one in ("identify", "track")]
    return {"batch": calls, "sentAt": "2026-03-01T09:30:05Z"}
