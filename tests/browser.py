"""Open a page in headless Chromium and list what is wrong with it.

Run `python tests/browser.py reports/study.html reports/audit.html` to check pages by hand; the
exit code is 1 when something is wrong and 3 when there is no Chromium. What the audit page must
do besides stands in `browser_audit.py`.
"""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

WIDTHS = (1280, 390)
HEIGHT = 900
NO_BROWSER = "Chromium with its chromedriver is not installed"
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
)
LOADED_FROM_HERE = ("file:", "data:", "about:", "chrome:")

# Text wider than its box, outside a container that scrolls; and a page wider than the window.
OVERFLOW = """
const scrolls = element => {
  for (let at = element; at && at !== document.body; at = at.parentElement) {
    const how = getComputedStyle(at).overflowX;
    if (how === 'auto' || how === 'scroll') return true;
    if (at.matches('.tabulator')) return true;  // its head moves with its body
  }
  return false;
};
const wide = document.documentElement.clientWidth;
const found = [];
const page = document.scrollingElement.scrollWidth;
if (page > wide + 1) found.push(`the page is ${page} pixels wide in a window of ${wide}`);
const range = document.createRange();
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const text = texts.currentNode;
  const element = text.parentElement;
  if (!text.data.trim() || ['SCRIPT', 'STYLE', 'TITLE'].includes(element.tagName)) continue;
  const style = getComputedStyle(element);
  if (style.display === 'none' || style.visibility === 'hidden') continue;
  range.selectNodeContents(text);
  const words = text.data.trim().slice(0, 60);
  const boxes = [...range.getClientRects()].filter(box => box.width > 0);
  if (!boxes.length) continue;
  const left = Math.min(...boxes.map(box => box.left));
  const right = Math.max(...boxes.map(box => box.right));
  let block = element;
  while (block.parentElement && getComputedStyle(block).display.startsWith('inline')) {
    block = block.parentElement;
  }
  const box = block.getBoundingClientRect();
  const inside = scrolls(block);
  if (right < 0 && element.closest('.skip')) continue;  // shown only when it has the focus
  if (right > box.right + 1 && !inside) {
    found.push(`text wider than its box (${block.tagName.toLowerCase()}): ${words}`);
  }
  const cell = block.closest('td, th');
  if (cell && right > cell.getBoundingClientRect().right + 1) {
    found.push(`text wider than its cell: ${words}`);
  }
  if ((right > wide + 1 || left < -1) && !inside) {
    found.push(`text outside the window: ${words}`);
  }
}
return [...new Set(found)];
"""
IMAGES = """
return [...document.images]
  .filter(image => !image.complete || image.naturalWidth === 0)
  .map(image => image.alt || image.src.slice(0, 80));
"""
NAMELESS = """
return [...document.images].filter(image => !image.alt).map(image => image.src.slice(0, 60));
"""
DEAD_LINKS = """
return [...document.querySelectorAll('a[href^="#"]')]
  .map(link => decodeURIComponent(link.getAttribute('href').slice(1)))
  .filter(name => !document.getElementById(name) && !window.audit?.knows(name));
"""
# A page that shows what its scripts unpack says when it has.
READY = """
return document.readyState === 'complete'
  && (!document.getElementById('tables-of-audit') || Boolean(window.audit?.ready));
"""


def programs() -> tuple[str, str] | None:
    """Paths of Chromium and its driver; None when one of them is not installed."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


@contextmanager
def chromium() -> Iterator[Any]:
    """Start Chromium with an empty profile; it makes no request by itself."""
    from selenium import webdriver

    found = programs()
    if found is None:
        raise FileNotFoundError(NO_BROWSER)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = found[0]
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        service = webdriver.ChromeService(executable_path=found[1])
        browser = webdriver.Chrome(options=options, service=service)
        try:
            yield browser
        finally:
            browser.quit()


def problems_of(browser: Any, page: Path, width: int, part: str = "") -> list[str]:
    """Open a page, or the part of it that is named after #, and say what is wrong with it."""
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    for kind in ("browser", "performance"):
        browser.get_log(kind)  # what was there before
    open_page(browser, page, part)
    found = [f"console: {entry['message']}" for entry in browser.get_log("browser")]
    found += [f"image missing: {name}" for name in browser.execute_script(IMAGES)]
    found += [f"image without words: {name}" for name in browser.execute_script(NAMELESS)]
    found += [f"link to nowhere: #{name}" for name in browser.execute_script(DEAD_LINKS)]
    found += browser.execute_script(OVERFLOW)
    found += [f"network request: {url}" for url in _requests(browser.get_log("performance"))]
    return [f"at {width} pixels: {problem}" for problem in dict.fromkeys(found)]


def open_page(browser: Any, page: Path, part: str = "") -> None:
    """Open a page anew, and wait until it has shown what it holds."""
    browser.get("about:blank")
    browser.get(page.resolve().as_uri() + (f"#{quote(part, safe='')}" if part else ""))
    wait_for(browser, READY)


def wait_for(browser: Any, script: str, *arguments: object) -> Any:
    """Wait until a script returns something true, for five seconds at most, and return it."""
    found = None
    for _ in range(100):
        found = browser.execute_script(script, *arguments)
        if found:
            break
        time.sleep(0.05)
    return found


def _requests(log: list[dict[str, Any]]) -> list[str]:
    """Addresses that the page asked for elsewhere than in its own file."""
    urls = []
    for entry in log:
        message = json.loads(entry["message"])["message"]
        if message["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
            params = message["params"]
            urls.append(params.get("url") or params["request"]["url"])
    return [url for url in urls if not url.startswith(LOADED_FROM_HERE)]


def check(page: Path, widths: tuple[int, ...] = WIDTHS) -> list[str]:
    """List everything that is wrong with a page, at each width."""
    with chromium() as browser:
        found = [problem for width in widths for problem in problems_of(browser, page, width)]
        if page.name == "audit.html":
            from browser_audit import problems_of_audit

            found += problems_of_audit(browser, page, page.with_name("study.html"), widths)
        return found


def main(arguments: list[str]) -> int:
    """Check the pages named on the command line."""
    if programs() is None:
        print(NO_BROWSER, file=sys.stderr)
        return 3
    problems = [f"{name}: {problem}" for name in arguments for problem in check(Path(name))]
    print("\n".join(problems) or f"{', '.join(arguments)}: nothing wrong")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
