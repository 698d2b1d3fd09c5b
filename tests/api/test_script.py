"""The script for web pages, in a browser, from a page of another origin and to a server."""

from __future__ import annotations

import functools
import http.server
import json
import struct
import threading
import wave

import httpx
import pytest

from shoal.api.script import script

MOST_BYTES = 6_000

PAGE = """<!doctype html><html><head><title>Beans</title>
<script nonce="n0nce">
window.shoal = window.shoal || [];
shoal.push(["identify", "u7", {"plan": "trial"}]);
shoal.push(["track", "Product Viewed", {"sku": "b1"}]);
</script>
<script nonce="n0nce" async src="SERVER/v1/shoal.js" data-write-key="KEY"></script></head>
<body style="margin: 0"><form id="sign-up" action="/thanks.html"><input name="email" value="secret@example.org">
<input name="id" value="secret"><button>Go</button></form>
<audio id="sound" src="/sound.wav"></audio><div style="height: 5000px">Long</div></body></html>"""


class Site(http.server.SimpleHTTPRequestHandler):
    """A small site with a strict policy of what its pages may load."""

    def end_headers(self):
        allowed = f"default-src 'self'; script-src 'nonce-n0nce'; style-src 'unsafe-inline'; connect-src {self.allowed}"
        self.send_header("Content-Security-Policy", allowed)
        super().end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def site(tmp_path, here):
    """A page that loads the script of a server; its address."""
    folder = tmp_path / "site"
    folder.mkdir()
    page = PAGE.replace("SERVER", here.url).replace("KEY", here.key())
    for name in ("index.html", "thanks.html"):
        (folder / name).write_text(page)
    (folder / "favicon.ico").write_bytes(b"")
    with wave.open(str(folder / "sound.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(b"".join(struct.pack("<h", 0) for _ in range(16_000)))
    kind = type("Here", (Site,), {"allowed": here.url})
    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(kind, directory=str(folder)))
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    served.server_close()


def taken(here):
    """What is in the lake in the end: name, properties, keys."""
    rows = here.stored('SELECT name, properties::JSON::VARCHAR FROM events ORDER BY "at", event_id')
    traits = here.stored("SELECT name, value::VARCHAR FROM traits")
    keys = here.stored("SELECT DISTINCT kind FROM keys")
    found = {}
    for name, properties in rows:
        found.setdefault(name, []).append(json.loads(properties))
    return found, traits, {kind for (kind,) in keys}


def sent(here, page, act, said):
    """Do something and wait until the server has answered what is said of it."""

    def is_it(answer):
        return answer.url == f"{here.url}/v1/batch" and said in (answer.request.post_data or "")

    with page.expect_response(is_it) as answer:
        act()
    assert answer.value.status == 200


def test_the_script_is_small_and_comes_from_here_alone(shared):
    answer = httpx.get(f"{shared.url}/v1/shoal.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert len(answer.content) < MOST_BYTES
    assert answer.content == script()[0]
    for word in (b"http://", b"https://", b"cookie", b"eval(", b"innerHTML"):
        assert word not in answer.content
    again = httpx.get(f"{shared.url}/v1/shoal.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_what_happens_on_a_page_is_in_the_lake(here, site, chromium):
    context = chromium.new_context(viewport={"width": 800, "height": 500})
    page = context.new_page()
    problems = []
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    sent(
        here,
        page,
        lambda: page.goto(f"{site}/?utm_source=mail&utm_campaign=may&email=secret@example.org#secret"),
        "Product Viewed",
    )
    page.evaluate("new Promise(done => { addEventListener('scroll', done); scrollTo(0, 2600); })")
    page.evaluate("history.pushState({}, '', '/other?x=secret')")
    page.evaluate("new Promise(done => { sound.addEventListener('ended', done); sound.play(); })")
    sent(here, page, lambda: page.evaluate("shoal.page('Shop', 'Offers', {'colour': 'red'})"), "Offers")
    page.click("button")
    page.wait_for_url(f"{site}/thanks.html*")
    sent(here, page, lambda: page.evaluate("shoal.push(['track', 'Last Seen'])"), "Last Seen")
    stored = page.evaluate("Object.keys(localStorage).sort()")
    assert stored == ["shoal_anonymous", "shoal_user"]
    assert context.cookies() == []
    context.close()
    assert problems == []
    found, traits, kinds = taken(here)
    assert ("plan", '"trial"') in traits or ("plan", "trial") in traits
    assert kinds == {"user", "anonymous"}
    assert found["Product Viewed"][0]["sku"] == "b1"
    first, *others = found["Page Viewed"]
    assert (first["path"], first["title"], first["utm_source"], first["utm_campaign"]) == ("/", "Beans", "mail", "may")
    assert [one["path"] for one in others] == ["/other", "/other", "/thanks.html"]
    assert (others[1]["name"], others[1]["category"], others[1]["colour"]) == ("Offers", "Shop", "red")
    assert sorted(one["percent_scrolled"] for one in found["Page Scrolled"] if one["path"] == "/") == [25, 50]
    left = {one["path"]: one for one in found["Page Left"]}
    assert left["/"]["scroll_depth"] == 50
    assert left["/other"]["seconds"] >= 1
    assert [one["src"] for one in found["Video Playback Started"]] == [f"{site}/sound.wav"]
    assert found["Video Playback Completed"][0]["seconds_watched"] in (1, 2)
    assert [(one["form_id"], one["path"]) for one in found["Form Submitted"]] == [("sign-up", "/other")]
    assert "secret" not in json.dumps(found)


@pytest.mark.parametrize(
    "refusal",
    [
        "Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})",
        "Object.defineProperty(navigator, 'doNotTrack', {value: '1'})",
    ],
)
def test_who_asks_for_it_is_left_alone(here, site, chromium, refusal):
    context = chromium.new_context()
    context.add_init_script(refusal)
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site)
    page.evaluate("new Promise(done => { let look = () => Array.isArray(shoal) ? setTimeout(look) : done(); look(); })")
    page.evaluate("shoal.track('Seen'); shoal.page(); shoal.identify('u1'); shoal.push(['track', 'Seen'])")
    page.click("button")
    page.wait_for_url(f"{site}/thanks.html*")
    assert page.evaluate("localStorage.length") == 0
    context.close()
    assert {url for url in asked if "/v1/" in url} == {f"{here.url}/v1/shoal.js"}
    assert taken(here)[0] == {}


def test_what_was_refused_is_sent_again_once(here, site, chromium):
    context = chromium.new_context()
    page = context.new_page()
    refused = []

    def refuse(route):
        if len(refused) < 2:
            refused.append(route.request)
            answer = {"status": 503, "headers": {"Access-Control-Allow-Origin": "*"}}
            route.fulfill(**answer) if len(refused) == 1 else route.abort()
        else:
            route.continue_()

    page.route("**/v1/batch", refuse)
    with page.expect_response(lambda answer: answer.url.endswith("/v1/batch") and answer.status == 200, timeout=30_000):
        page.goto(site)
    context.close()
    found, _, _ = taken(here)
    assert len(refused) == 2
    assert (len(found["Product Viewed"]), len(found["Page Viewed"])) == (1, 1)
