"""What can be asked, as a page: FastAPI's own loads its scripts from elsewhere, and nothing here does."""

from __future__ import annotations

from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from shoal.api.typed import policy

router = APIRouter(include_in_schema=False)

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Shoal: HTTP API</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent) }}
</style>
<h1>HTTP API</h1>
<p>Show a key as the user name of basic authentication or as a bearer token; <code>shoal key create</code> makes one.
The whole description for programs is at <a href="/openapi.json">/openapi.json</a>.</p>
<table><tr><th>Method</th><th>Path</th><th>What it does</th></tr>
{rows}
</table></html>
"""  # noqa: E501 - one rule of the style a line


@router.get("/docs", openapi_extra=policy("open"))
def docs(request: Request) -> HTMLResponse:
    """A table of all that can be asked."""
    rows = [
        f"<tr><td>{method.upper()}</td><td><code>{escape(path)}</code></td><td>{escape(told['summary'])}</td></tr>"
        for path, methods in request.app.openapi()["paths"].items()
        for method, told in methods.items()
    ]
    return HTMLResponse(_PAGE.format(rows="\n".join(rows)))
