"""The way in: a plain page without scripts, and the two routes that begin and end a session."""

from __future__ import annotations

import asyncio
from html import escape
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from shoal.core.errors import UserError
from shoal.ui import cookies
from shoal.ui.gate import HEADERS
from shoal.ui.served import served

_MOST_BYTES = 8_192
_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · Shoal</title><link rel="icon" href="/_ui/mark.svg"><link rel="stylesheet" href="/_ui/shell.css"></head>
<body class="door"><main class="tile door-tile">
<div class="brand"><img src="/_ui/mark.svg" alt="" width="22" height="22">shoal</div>
{content}</main></body></html>
"""

_FORM = """<h1>Sign in</h1>{told}
<form method="post" action="/sign-in"><input type="hidden" name="to" value="{to}">
<label for="name">Name</label><input id="name" name="name" value="{name}" autocomplete="username" required {focus_name}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required {focus_password}>
<button type="submit" class="primary">Sign in</button></form>"""

_FIRST = """<h1>Nobody may sign in yet</h1>
<p>There is no default password. Add the first user on the machine where Shoal runs:</p>
<pre><code>shoal --home {home} user create NAME --role admin</code></pre>
<p>It asks for a password, or makes one and shows it once. Then <a href="/sign-in">sign in</a>.</p>"""

_UNSAFE = """<h1>This connection is not safe</h1>
<p>A password would travel in the clear. Put a proxy with https before Shoal, or reach it through a tunnel:</p>
<pre><code>ssh -L 8400:localhost:8400 THIS-MACHINE</code></pre><p>and open <code>http://localhost:8400</code>.</p>"""


async def show(request: Request) -> Response:
    """The form; before there is any user, how to add one."""
    if not cookies.is_safe(request):
        return _page(_UNSAFE, 403)
    if not await asyncio.to_thread(served().reception.has_users):
        return _page(_FIRST.format(home=escape(str(served().opened.home.folder))))
    return _form(to=request.query_params.get("to", "/"))


async def enter(request: Request) -> Response:
    """Begin a session; a wrong password and an unknown name are answered alike."""
    body = await _body(request)
    if not cookies.is_safe(request):
        return _page(_UNSAFE, 403)
    if not cookies.is_own(request):
        return _page("<h1>Not from here</h1><p>Open <a href='/sign-in'>the sign-in page</a> and try again.</p>", 403)
    if body is None:
        return _form(told="That is too long.", status=413)
    said = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    name, password, to = (said.get(each, [""])[0] for each in ("name", "password", "to"))
    address = request.client.host if request.client else ""
    try:
        signed = await asyncio.to_thread(served().reception.sign_in, name, password, address)
    except UserError as error:
        status = 429 if error.code == "too_many_tries" else 401
        return _form(told=f"{error.message} {error.fix}", to=to, name=name, status=status)
    return RedirectResponse(_own_path(to), 303, {"Set-Cookie": cookies.setting(request, signed.shown), **_PRIVATE})


async def leave(request: Request) -> Response:
    """End the session, and forget what pages kept in the browser."""
    await _body(request)
    if not cookies.is_own(request):
        return _page("<h1>Not from here</h1>", 403)
    await asyncio.to_thread(served().reception.sign_out, cookies.shown(request))
    headers = {"Set-Cookie": cookies.setting(request, ""), "Clear-Site-Data": '"cache"', **_PRIVATE}
    return RedirectResponse("/sign-in", 303, headers)


_PRIVATE = {"Cache-Control": "no-store"}

ROUTES = (
    Route("/sign-in", show, methods=["GET"]),
    Route("/sign-in", enter, methods=["POST"]),
    Route("/sign-out", leave, methods=["POST"]),
)


async def _body(request: Request) -> bytes | None:
    """What was sent, read before anything is answered; None where it is too long."""
    found = b""
    async for part in request.stream():
        found += part
        if len(found) > _MOST_BYTES:
            return None
    return found


def _form(*, told: str = "", to: str = "/", name: str = "", status: int = 200) -> Response:
    said = f'<p class="told" role="alert">{escape(told)}</p>' if told else ""
    first, second = ("", "autofocus") if name else ("autofocus", "")
    content = _FORM.format(
        told=said, to=escape(_own_path(to)), name=escape(name[:100]), focus_name=first, focus_password=second
    )
    return _page(content, status)


def _own_path(to: str) -> str:
    """Where to go next: a path of this server, whatever was asked for.

    >>> _own_path("/segments?page=2"), _own_path("//elsewhere.example.org"), _own_path("/\\\\elsewhere.example.org")
    ('/segments?page=2', '/', '/')
    """
    parts = urlsplit(to)
    own = to.startswith("/") and not to.startswith("//") and "\\" not in to and not parts.netloc and to.isprintable()
    return to if own else "/"


def _page(content: str, status: int = 200) -> Response:
    headers = {**HEADERS, "Content-Security-Policy": _CSP, **_PRIVATE}
    return HTMLResponse(_PAGE.format(content=content), status, headers)
