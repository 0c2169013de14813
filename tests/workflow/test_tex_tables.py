"""TeX tables of a finished run: pdfLaTeX compiles them, and they fit a landscape page.

pdfLaTeX is taken from Debian's packages texlive-latex-base and texlive-latex-recommended (booktabs): 151 MB on disk,
about a minute. The tables align numbers without siunitx, whose package is another 130 MB.
"""

import os
import re
import shutil
import subprocess

import pypdf
import pytest

PACKAGES = ("texlive-latex-base", "texlive-latex-recommended")
DOCUMENT = r"""\documentclass[a4paper]{article}
\usepackage[landscape,margin=12mm]{geometry}
\usepackage{booktabs,longtable}
\begin{document}
\scriptsize\noindent
\input{table}
\end{document}
"""


def command(*words: str, timeout: float = 300, folder=None) -> subprocess.CompletedProcess:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, encoding="utf-8", errors="replace", timeout=timeout
    )


def has_packages() -> bool:
    return bool(shutil.which("kpsewhich")) and not command("kpsewhich", "booktabs.sty", "longtable.sty").returncode


@pytest.fixture(scope="module")
def pdflatex():
    """Path of pdfLaTeX with booktabs, which is installed where the tests run as root on Debian."""
    if not (shutil.which("pdflatex") and has_packages()):
        if os.geteuid() or not shutil.which("apt-get"):
            pytest.skip(f"no pdflatex with booktabs; on Debian, install {' '.join(PACKAGES)}")
        try:
            command("apt-get", "update", timeout=120)
            answer = command("apt-get", "install", "--yes", "--no-install-recommends", *PACKAGES)
        except subprocess.TimeoutExpired:
            pytest.skip(f"apt-get did not install {' '.join(PACKAGES)} in time")
        if answer.returncode or not has_packages():
            pytest.skip(f"apt-get cannot install {' '.join(PACKAGES)}: {answer.stderr.strip()[-200:]}")
    return shutil.which("pdflatex")


def test_pdflatex_compiles_every_table_within_a_page(finished, pdflatex, tmp_path):
    tables = sorted((finished.folder / "results/smoke/tables").glob("*/*.tex"))
    assert {table.parent.name for table in tables} == {"deep_ritz", "effective_theory", "failed_ideas"}
    for table in tables:
        folder = tmp_path / f"{table.parent.name}-{table.stem}"
        folder.mkdir()
        shutil.copy(table, folder / "table.tex")
        (folder / "main.tex").write_text(DOCUMENT)
        words = (pdflatex, "-interaction=nonstopmode", "-halt-on-error", "main.tex")
        answer = command(*words, folder=folder)
        assert answer.returncode == 0, (table, answer.stdout[-2000:])
        assert not re.search(r"Overfull \\[hv]box|Missing character", answer.stdout), (table, answer.stdout[-2000:])
        text = "".join(page.extract_text() for page in pypdf.PdfReader(folder / "main.pdf").pages)
        assert "smoke tier" in " ".join(text.split()), table
