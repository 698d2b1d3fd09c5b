"""What can be asked, as a page: FastAPI's own loads its scripts from elsewhere, and nothing here does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from shoal.access.keys import SCOPES
from shoal.api.typed import policy

router = APIRouter(include_in_schema=False)

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Shoal: HTTP API</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent) }}
section {{ margin-top: 2.5rem }} h3 {{ font-size: 1rem; margin-bottom: .2rem }} p {{ margin: .3rem 0 }}
pre {{ overflow: auto; padding: .6rem; background: color-mix(in srgb, currentColor 7%, transparent) }}
</style>
<h1>HTTP API</h1>
<p>Show a key as the user name of basic authentication or as a bearer token; <code>shoal key create</code> makes one.
The whole description for programs is at <a href="/openapi.json">/openapi.json</a>.</p>
<table><tr><th>Method</th><th>Path</th><th>What it does</th></tr>
{rows}
</table>
{parts}
</html>
"""  # noqa: E501 - one rule of the style a line

_ASKED_BY = {
    "open": "Anybody may ask.",
    "signature": "The vendor's signature is the key.",
    **{scope: f"Needs a key with the scope {scope}: it may {what}." for scope, what in SCOPES.items()},
}


@router.get("/docs", openapi_extra=policy("open"))
def docs(request: Request) -> HTMLResponse:
    """A table of all that can be asked, and then each with what it takes and answers."""
    rows, parts = [], []
    for path, methods in request.app.openapi()["paths"].items():
        for method, told in methods.items():
            place = f'<a href="#{told["operationId"]}"><code>{escape(path)}</code></a>'
            rows.append(f"<tr><td>{method.upper()}</td><td>{place}</td><td>{escape(told['summary'])}</td></tr>")
            parts.append("\n".join(_part(method, path, told)))
    return HTMLResponse(_PAGE.format(rows="\n".join(rows), parts="\n".join(parts)))


def _part(method: str, path: str, told: dict[str, Any]) -> Iterator[str]:
    """One operation: who may, parameters, an example, answers."""
    yield f'<section id="{told["operationId"]}"><h3>{method.upper()} <code>{escape(path)}</code></h3>'
    yield f"<p>{escape(told['summary'])} {escape(told.get('description', ''))}</p>"
    yield f"<p>{escape(_ASKED_BY[told['x-scope']])}</p>"
    for each in told.get("parameters", ()):
        yield f"<p><code>{escape(each['name'])}</code> ({each['in']}): {escape(each.get('description', ''))}</p>"
    for kind, content in told.get("requestBody", {}).get("content", {}).items():
        shown = json.dumps(content.get("example", {}), ensure_ascii=False, indent=2)
        yield f"<p>Body ({kind}), such as:</p><pre>{escape(shown)}</pre>"
    answers = "; ".join(
        f"<b>{status}</b> {escape(answer.get('description', ''))}" for status, answer in told["responses"].items()
    )
    yield f"<p>Answers: {answers}</p></section>"
