"""The dashboard below a path of a reverse proxy, as a person meets it in a real Chromium: login, live page, links, download."""

import base64
import hashlib
import json
import re
import ssl
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from playwright.sync_api import Browser, expect

from browser import launched
from commands import command
from reverse_proxy import ROOT, proxying
from serving import serving


class Certificate:
    """One that nobody signed whom a browser knows, and the option by which Chromium takes it as good."""

    def __init__(self) -> None:
        issued = trustme.CA().issue_cert("127.0.0.1")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued.configure_cert(self.context)
        key = x509.load_pem_x509_certificate(issued.cert_chain_pems[0].bytes()).public_key()
        told = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        digest = base64.b64encode(hashlib.sha256(told).digest()).decode()
        self.option = f"--ignore-certificate-errors-spki-list={digest}"


@pytest.mark.browser
@pytest.mark.parametrize(("strips", "is_tls"), [(True, False), (False, True)], ids=["strips", "passes-on-and-tls"])
def test_all_of_the_dashboard_works_below_a_path_and_asks_for_nothing_outside(
    tmp_path: Path, browser: Browser, strips: bool, is_tls: bool
) -> None:
    home = tmp_path / "home"
    raw = home / "data" / "raw"
    raw.mkdir(parents=True)
    # A machine busy with other tests is not unready, which the page would be told by a status that is an error.
    unhurried = "[watchdog]\nlag_limit = 3600\n"
    proxies = '[server]\ntrusted_proxies = ["127.0.0.1"]\n'
    (home / "quarterhour.toml").write_text(f"{unhurried}{proxies}[inputs]\nsettle = 0.1\n")
    (raw / "trades_2025.csv").write_text("id,price\n1,10.5\n2,11.5\n")
    secret = json.loads(command(home, "token", "create", "ada", "--role", "operator", "--json").stdout)["token"]
    certificate = Certificate() if is_tls else None
    with (
        serving(home, "--no-schedule", "--root-path", ROOT) as server,
        proxying(server.dashboard, strips=strips, tls=certificate and certificate.context) as proxy,
        launched(browser.browser_type, *([certificate.option] if certificate else [])) as trusting,
    ):
        context = trusting.new_context()
        page = context.new_page()
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))

        # A deep link leads to the login and back to it, with its filter.
        page.goto(f"{proxy.address}{ROOT}/events?q=begun")
        expect(page).to_have_url(re.compile(rf"{ROOT}/login\?next=%2F|{ROOT}/login\?next={ROOT}/events"))
        page.get_by_label("Your token").fill(secret)
        page.get_by_role("button", name="Log in").click()
        expect(page).to_have_url(f"{proxy.address}{ROOT}/events?q=begun")
        (cookie,) = context.cookies()
        assert (cookie["path"], cookie["secure"], cookie["httpOnly"]) == (ROOT, is_tls, True)

        # The links of the page lead below the path, and the state comes by the socket.
        page.get_by_role("link", name="Now").click()
        expect(page).to_have_url(re.compile(rf"^{re.escape(proxy.address + ROOT)}/?$"))
        page.get_by_role("button", name="Start", exact=True).click()
        expect(page.get_by_test_id("state")).to_have_text("success", timeout=60_000)
        # The caller is whom the trusted proxy names.
        expect(page.get_by_test_id("events-log")).to_contain_text("ada at 192.0.2.7: POST /api/pipeline/start")

        page.get_by_role("link", name="Runs", exact=True).click()
        expect(page).to_have_url(f"{proxy.address}{ROOT}/runs")
        run_id = server.http.get("/api/runs", headers={"authorization": f"Bearer {secret}"}).json()["items"][0][
            "run_id"
        ]
        page.goto(f"{proxy.address}{ROOT}/runs/{run_id}")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Run of")
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Run of")

        page.goto(f"{proxy.address}{ROOT}/")
        link = page.get_by_test_id("export-panel").locator("a[href*='/export']").first
        expect(link).to_have_attribute("href", re.compile(f"^{ROOT}/api/datasets/trades/export"))
        with page.expect_download() as download:
            link.click()
        assert download.value.path().read_text().splitlines()[0].startswith("id,price")

        read = "at => fetch(at).then(answer => answer.text())"
        assert json.loads(page.evaluate(read, f"{ROOT}/openapi.json"))["servers"] == [{"url": ROOT}]
        assert f'url: "{ROOT}/openapi.json"' in page.evaluate(read, f"{ROOT}/docs").replace("'", '"')
        page.goto(f"{proxy.address}{ROOT}/settings")
        page.get_by_role("button", name="Log out").click()
        expect(page).to_have_url(f"{proxy.address}{ROOT}/login")
        assert context.cookies() == []
        assert (errors, proxy.outside) == ([], [])
        context.close()
