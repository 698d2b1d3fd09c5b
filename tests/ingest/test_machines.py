import pytest

from shoal.ingest.machines import is_machine

PEOPLE = [
    "",
    None,
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "Mozilla/5.0 (Linux; Android 15; CUBOT X70) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Outlook/16.0 Microsoft Outlook 16.0",
    "Thunderbird",
    # Gmail and Yahoo fetch pictures through a proxy when the person opens the mail.
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
]
MACHINES = [
    "Mozilla/5.0",
    " mozilla/5.0 ",
    "Barracuda Sentinel (EE)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "python-requests/2.32.3",
    "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/140.0",
    "facebookexternalhit/1.1",
]


@pytest.mark.parametrize("agent", PEOPLE)
def test_people(agent):
    assert not is_machine(agent)


@pytest.mark.parametrize("agent", MACHINES)
def test_machines(agent):
    assert is_machine(agent)
