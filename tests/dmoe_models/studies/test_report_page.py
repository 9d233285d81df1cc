"""The page of a study in a real browser: it fits, it shows its figures, it asks nobody, it prints.

A probe is put into a copy of the page; it looks at the page as laid out and leaves what it found in
the document, which the browser prints when all is done.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import zlib

import pytest

from dmoe_models.studies.report.files import write_report

from sample_report import COLOURS, optimality, sample

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome on PATH")

LISTEN = """<script>
window.complaints = [];
window.addEventListener("error",
  event => complaints.push(event.message || "not loaded: " + event.target.src), true);
const error = console.error;
console.error = (...words) => { complaints.push(words.join(" ")); error(...words); };
</script>"""

PROBE = """<script>
window.addEventListener("load", () => {
  const wide = () => [...document.querySelectorAll("body *")].filter(element => {
    if (element.closest("svg") || element.parentElement.closest(".scroll")) return false;
    const box = element.getBoundingClientRect();
    if (!box.width) return false;
    const scrolls = getComputedStyle(element).overflowX !== "visible";
    return box.right > innerWidth + 1
      || (!scrolls && element.clientWidth && element.scrollWidth > element.clientWidth + 1);
  }).map(element => element.tagName + "." + element.className);
  const figures = [...document.querySelectorAll("figure svg")].map(svg => {
    const box = svg.getBoundingClientRect();
    const marks = [...svg.querySelectorAll("path, use")].filter(mark => {
      const own = mark.getBoundingClientRect();
      return (own.width || own.height) && !mark.closest("defs") && own.left >= box.left - 1
        && own.right <= box.right + 1 && own.top >= box.top - 1 && own.bottom <= box.bottom + 1;
    });
    return {width: box.width, height: box.height, marks: marks.length};
  });
  const folded = [...document.querySelectorAll(".fold")].map(fold => fold.offsetHeight);
  document.querySelectorAll("details").forEach(details => details.open = true);
  const broken = [...document.querySelectorAll("table.data th, table.data td")].filter(cell => {
    const words = document.createRange();
    words.selectNodeContents(cell);
    return /^\\w+$/.test(cell.textContent) && !cell.querySelector("wbr")
      && new Set([...words.getClientRects()].map(line => line.top)).size > 1;
  }).map(cell => cell.textContent);
  const found = {
    innerWidth, pageWidth: document.documentElement.scrollWidth, wide: wide(),
    broken, figures, folded,
    unfolded: [...document.querySelectorAll(".fold")].map(fold => fold.offsetHeight),
    scrolled: [...document.querySelectorAll("div.scroll")].filter(
      box => box.scrollWidth > box.clientWidth).length,
    requests: performance.getEntriesByType("resource").map(entry => entry.name),
    complaints,
  };
  const place = document.createElement("pre");
  place.id = "probe";
  place.textContent = JSON.stringify(found);
  document.body.append(place);
});
</script>"""


@pytest.fixture(scope="module")
def report():
    """Return a report with a long table, a very wide one, and words that cannot be broken."""
    wide = optimality(3)
    for number in range(30):
        wide[f"an_axis_with_a_long_name_{number}"] = [0.123 * number, 1, 2]
    tables = {"optimality": optimality(3), "long": optimality(150), "wide": wide}
    verdict = sample().verdicts[0]
    endless = type(verdict)(**(vars(verdict) | {"sentence": "https://example.org/" + "x" * 300}))
    return sample(tables=tables, verdicts=[*sample().verdicts, endless], title="t" * 400)


@pytest.fixture(scope="module")
def page(report, tmp_path_factory):
    """Return the file of its page, alone in its folder."""
    written = write_report(report, tmp_path_factory.mktemp("whole"), with_rows=False)[-1]
    alone = tmp_path_factory.mktemp("alone") / written.name
    shutil.copy(written, alone)
    return alone


@pytest.fixture
def browse(tmp_path):
    """Return a function that runs the browser."""

    def run(*arguments):
        return subprocess.run(
            [
                BROWSER,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-extensions",
                "--no-first-run",
                "--hide-scrollbars",
                f"--user-data-dir={tmp_path / 'profile'}",
                "--virtual-time-budget=5000",
                *map(str, arguments),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )

    return run


def probed(browse, tmp_path, text, width):
    """Open a page in a window of a width; return what the probe says of it."""
    copy = tmp_path / "probed.html"
    text = text.replace("<head>", "<head>" + LISTEN, 1)
    copy.write_text(text.replace("</body>", PROBE + "</body>"), encoding="utf-8")
    seen = browse(f"--window-size={width},900", "--dump-dom", copy.as_uri()).stdout
    found = re.search(r'<pre id="probe">(.*?)</pre>', seen, re.DOTALL)
    assert found, "the page did not load"
    return json.loads(html.unescape(found[1]))


@pytest.mark.parametrize("width", [1280, 800])
def test_the_page_fits_and_shows_its_figures(browse, page, tmp_path, width):
    seen = probed(browse, tmp_path, page.read_text(encoding="utf-8"), width)
    assert seen["innerWidth"] == width
    assert seen["pageWidth"] <= width and seen["wide"] == []
    assert seen["broken"] == []  # words
    assert len(seen["figures"]) == 2
    for figure in seen["figures"]:
        assert 200 < figure["width"] < width and figure["height"] > 100
        assert figure["marks"] > 20
    assert seen["folded"] == [0] and seen["unfolded"][0] > 150 * 10
    assert seen["scrolled"] >= 1  # the wide table, in its own box
    assert seen["requests"] == [] and seen["complaints"] == []


def test_the_probe_sees_what_is_wrong(browse, page, tmp_path):
    text = page.read_text(encoding="utf-8")
    text = text.replace("<main>", '<main><div class="far" style="width: 3000px">x</div>', 1)
    text = text.replace("<main>", '<main><script>throw new Error("oops")</script>', 1)
    text = text.replace("<main>", '<main><img src="http://127.0.0.1:9/nowhere.png">', 1)
    text = text.replace("<figure ", '<figure style="width: 90px" ', 1)
    text = text.replace("overflow-wrap: normal", "width: 1px", 1)
    text = re.sub(r'viewBox="0 0 (\S+ \S+)"(?!.*viewBox)', r'viewBox="9000 0 \1"', text, flags=re.S)
    seen = probed(browse, tmp_path, text, 1280)
    assert seen["pageWidth"] >= 3000 and "DIV.far" in seen["wide"]
    assert any("oops" in complaint for complaint in seen["complaints"])
    assert seen["requests"] == ["http://127.0.0.1:9/nowhere.png"]
    assert seen["figures"][0]["width"] < 200 < seen["figures"][1]["width"]
    assert "draws" in seen["broken"]
    assert seen["figures"][0]["marks"] > 20 and seen["figures"][1]["marks"] == 0


def printed(browse, page, tmp_path):
    """Print a page; return what the console said, the number of pages and all drawing."""
    target = tmp_path / "page.pdf"
    log = browse(
        "--enable-logging=stderr",
        f"--print-to-pdf={target}",
        "--no-pdf-header-footer",
        page.as_uri(),
    ).stderr
    data = target.read_bytes()
    drawing = b""
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL):
        try:
            drawing += zlib.decompress(stream)
        except zlib.error:
            continue
    console = [line for line in log.splitlines() if "CONSOLE" in line]
    return console, len(re.findall(rb"/Type\s*/Page\b", data)), drawing


def test_the_page_prints(browse, page, report, tmp_path):
    console, pages, drawing = printed(browse, page, tmp_path)
    assert console == []
    for colour in COLOURS:
        red, green, blue = (int(colour[at : at + 2], 16) // 255 for at in (1, 3, 5))
        assert b"%d %d %d RG" % (red, green, blue) in drawing
    assert 5 <= pages <= 15

    spoilt = tmp_path / "spoilt.html"
    text = page.read_text(encoding="utf-8").replace(COLOURS[0], "#000000")
    text = text.replace("details:not([open]) + .fold", ".fold", 1).replace(
        "@media screen", "@media all"
    )
    spoilt.write_text(text.replace("<main>", "<main><script>nothing()</script>"), encoding="utf-8")
    console, fewer, drawing = printed(browse, spoilt, tmp_path)
    assert len(console) == 1 and "nothing is not defined" in console[0]
    assert b"1 0 0 RG" not in drawing
    assert fewer < pages  # the long table is unfolded on paper
