"""The HTML report in a browser: exhibits are shown with their captions, without network access."""

import base64
import json
import re
import shutil

import pandas as pd
import pytest

from browser import opened
from conftest import SMOKE, Project
from reproduction.claims.markdown import VERDICTS
from reproduction.config import loading

RESULTS = "results/smoke"
CLAIMS = "claims/failed_ideas.parquet"
STATEMENT = "Batch *norm* breaks |x|_2 </script> & `more`."


def put_texts(project: Project) -> None:
    """Give exhibits and a claim of a finished project texts that break a page unless they are escaped."""
    results = project.folder / RESULTS
    for path in results.glob("[ft]*s/*/*.parquet"):
        stem = path.with_suffix("").relative_to(results)
        text = f"What {stem} shows </script><b>\n\nThe text of {stem}, *stressed*.\n\nA second paragraph.\n"
        (project.folder / "workflow/report" / stem.parent.name / f"{stem.name}.rst").write_text(text)
    claims = pd.read_parquet(results / CLAIMS)
    claims.loc[claims.claim == claims.claim[0], ["statement", "figure"]] = STATEMENT, "failed_ideas/fig2"
    claims.to_parquet(results / CLAIMS)


@pytest.fixture(scope="module")
def reported(finished, tmp_path_factory):
    """Copy of the finished project with its HTML report."""
    copy = object.__new__(Project)
    copy.folder = tmp_path_factory.mktemp("reported") / "project"
    shutil.copytree(finished.folder, copy.folder, symlinks=True)
    put_texts(copy)
    copy.run("--report", f"{RESULTS}/report.html", *SMOKE)
    return copy


@pytest.fixture
def browsed(reported):
    """Report opened in a browser; at the end there must be no requests and no errors."""
    with opened(reported.folder / RESULTS / "report.html") as browsed:
        yield browsed
    assert browsed.fetched == []
    assert browsed.errors == []


def click(page, text):
    page.get_by_text(text, exact=True).first.click()


def row(page, exhibit):
    """Return the row of an exhibit in the list of a category."""
    return page.locator("tbody tr").filter(has=page.get_by_role("cell", name=re.compile(rf"^{exhibit}$")))


def show(page, exhibit):
    """Click on the eye icon, then on the i icon, of an exhibit."""
    line = row(page, exhibit)
    line.locator("a").nth(0).click()
    line.locator("a").nth(1).click()


def test_the_report_opens_with_a_description_and_the_rule_graph(browsed):
    description = browsed.page.locator(".prose").first.inner_text()
    assert "Deep Ritz, Effective theory, Failed ideas" in description
    assert "smoke tier" in description
    browsed.page.locator("#rulegraph canvas, #rulegraph svg").first.wait_for()


def test_a_figure_is_shown_with_its_caption(browsed, reported):
    click(browsed.page, "Deep Ritz")
    click(browsed.page, "Figures")
    show(browsed.page, "fig\\s*3")
    image = browsed.page.locator("img[src^='data:image/png']")
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    source = image.get_attribute("src").split("base64,")[1]
    assert base64.b64decode(source) == (reported.folder / RESULTS / "figures/deep_ritz/fig3.png").read_bytes()
    caption = browsed.page.locator(".prose").first
    assert "What figures/deep_ritz/fig3 shows </script><b>" in caption.inner_text()
    assert "The text of figures/deep_ritz/fig3, stressed." in caption.inner_text()
    printed = json.loads((reported.folder / RESULTS / "captions.json").read_text())["figures/deep_ritz/fig3"]
    assert printed["settings"] in caption.inner_text()
    assert caption.locator("em").first.inner_text() == "stressed"


def test_figures_are_listed_in_natural_order(browsed):
    click(browsed.page, "Effective theory")
    click(browsed.page, "Figures")
    listed = [text.replace("\u2007", "") for text in browsed.page.locator("tbody td:first-child").all_inner_texts()]
    assert listed == [*(f"ext{n}" for n in range(1, 7)), *(f"fig{n}" for n in range(1, 18))]


def test_a_table_shows_the_numbers_of_its_data(browsed, reported):
    click(browsed.page, "Effective theory")
    click(browsed.page, "Tables")
    show(browsed.page, "table\\s*6")
    frame = browsed.page.frame_locator("iframe")
    data = pd.read_parquet(reported.folder / RESULTS / "tables/effective_theory/table6.parquet")
    cells = frame.locator("tbody tr td:nth-child(7)").all_inner_texts()
    assert [int(cell) for cell in cells] == data.seeds.tolist()
    assert "The text of tables/effective_theory/table6" in browsed.page.locator(".prose").first.inner_text()


def test_verdicts_match_the_data_and_link_to_figures(browsed, reported):
    data = pd.read_parquet(reported.folder / RESULTS / "claims/failed_ideas.parquet")
    click(browsed.page, "Claims")
    show(browsed.page, "Failed ideas")
    frame = browsed.page.frame_locator("iframe")
    shown = dict(zip(*(frame.locator(f"tbody td:nth-child({n})").all_inner_texts() for n in (1, 3))))
    assert shown == {claim: f"{VERDICTS[name].sign} {name}" for claim, name in zip(data.claim, data.verdict)}
    assert frame.locator("a").count() == 0  # links do not work in a frame
    browsed.page.locator(".prose a", has_text="failed_ideas/fig2").click()
    image = browsed.page.locator("img[src^='data:image/png']")
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    caption = browsed.page.locator(".prose").first
    assert f"{data.claim[0]}: {STATEMENT} {data.verdict[0]}" in caption.inner_text()
    caption.locator("a", has_text=data.claim[0]).first.click()
    frame.locator("table").wait_for()


def test_each_picture_is_embedded_once_and_no_pdf_is_embedded(reported):
    content = (reported.folder / RESULTS / "report.html").read_text()
    assert "data:application/pdf" not in content
    embedded = re.findall(r'"data:image/png;[^"]*base64,([^"]*)"', content)
    pictures = [picture.read_bytes() for picture in (reported.folder / RESULTS / "figures").rglob("*.png")]
    figures = loading.read(SMOKE[1:]).figures
    assert len(pictures) == sum(map(len, figures.values()))
    assert sorted(map(base64.b64decode, embedded)) == sorted(pictures)


@pytest.fixture(scope="module")
def partial(fresh):
    """Project with one figure and one table."""
    project = fresh()
    files = [f"{RESULTS}/figures/deep_ritz/fig3.pdf", f"{RESULTS}/tables/effective_theory/table1.tex"]
    project.run(*files, *SMOKE)
    return project


def embedded(page: str) -> set[str]:
    """Return the results in a report."""
    return set(re.findall(rf'"({RESULTS}/[a-z0-9_/]+\.(?:png|html))": *{{', page))


@pytest.mark.parametrize(
    ("targets", "shown"),
    [
        ([], {"figures/deep_ritz/fig3.png", "tables/effective_theory/table1.html"}),
        ([f"{RESULTS}/figures/deep_ritz/fig3.pdf"], {"figures/deep_ritz/fig3.png"}),
    ],
)
def test_a_report_shows_the_results_that_are_there_and_names_the_others(partial, targets, shown):
    output = partial.run(*targets, "--report", f"{RESULTS}/part.html", *SMOKE)
    page = (partial.folder / RESULTS / "part.html").read_text()
    assert embedded(page) == {f"{RESULTS}/{name}" for name in shown}
    config = loading.read(SMOKE[1:])
    results = sum(len(group) for kind in (config.figures, config.tables) for group in kind.values()) + len(
        config.claims
    )
    sentence = rf"{results - 2} of {results} results are missing: figures/deep_ritz/ext1, .*claims/ours\."
    assert re.search(sentence, output)
    assert "Run `snakemake --cores 8 all --configfile workflow/tiers/smoke.yaml` to compute them." in output
    assert "Incomplete" in page
    assert "figures/deep_ritz/fig3," not in re.search(sentence, output)[0]


def test_a_report_of_a_missing_figure_is_rejected(partial):
    figure = f"{RESULTS}/figures/deep_ritz/fig1"
    output = partial.run(f"{figure}.pdf", "--report", f"{RESULTS}/part.html", *SMOKE, ok=False)
    assert f"File {figure}.png marked for report but does not exist" in output
    assert "Traceback" not in output


def test_a_report_after_a_run_shows_what_the_run_computed(fresh):
    project = fresh()
    project.run(f"{RESULTS}/figures/deep_ritz/fig3.pdf", "--report", "part.html", "--report-after-run", *SMOKE)
    page = (project.folder / "part.html").read_text()
    assert embedded(page) == {f"{RESULTS}/figures/deep_ritz/fig3.png"}
    assert "Incomplete" not in page


def test_a_report_without_results_is_rejected_with_the_command_that_makes_them(fresh):
    output = fresh().run("--report", f"{RESULTS}/report.html", *SMOKE, ok=False)
    wanted = "run `snakemake --cores 8 all --configfile workflow/tiers/smoke.yaml`"
    assert f"the report needs a figure, a table or claims in {RESULTS}, which has none; {wanted}" in output
    assert "Traceback" not in output
