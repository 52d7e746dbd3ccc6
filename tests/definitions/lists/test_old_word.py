"""The converter of old Word files is somebody else's program: what it sees, and how it ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from docx import Document

from tests.definitions.lists import written
from tracker.definitions.documents import as_json, read_document

SEEDS = Path(__file__).parents[4] / "shared" / "seeds"

RUN = """
from tracker.definitions.documents import oldword
oldword.PATIENCE_SECONDS = 1
try:
    print(oldword.converted(b"x"))
except oldword.NotConverted as told:
    print(told)
"""


def converting(folder: Path, office: str) -> str:
    """What comes of it in a process in which `soffice` is this script."""
    script = folder / "soffice"
    script.write_text(f"#!/bin/sh\n{dedent(office)}")
    script.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    seen = {**os.environ, "PATH": path, "TRACKER_ACCESS_CODE": "sesame"}
    done = subprocess.run(
        [sys.executable, "-c", RUN], env=seen, capture_output=True, text=True, check=True,
        timeout=60,
    )  # fmt: skip
    return done.stdout


def test_the_converter_does_not_see_our_secrets(tmp_path: Path) -> None:
    told = converting(tmp_path, 'echo "code: $TRACKER_ACCESS_CODE."')
    assert "code: ." in told


def test_the_converter_is_told_to_fetch_nothing_that_a_document_names(tmp_path: Path) -> None:
    told = converting(tmp_path, """
        place=$(echo "$1" | sed 's|-env:UserInstallation=file://||')
        tr -d '\\n' < "$place/user/registrymodifications.xcu" | grep -o 'BlockUntrusted.*Macros'
        echo "$http_proxy $https_proxy"
    """)  # fmt: skip
    assert 'BlockUntrustedRefererLinks" oor:op="fuse"><value>true<' in told
    assert "http://127.0.0.1:9 http://127.0.0.1:9" in told


def test_a_converter_that_hangs_ends_with_all_that_it_started(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    converting(tmp_path, f"(sleep 3; touch {alive}) & wait")
    waited = subprocess.run(["sleep", "4"], check=True)
    assert waited.returncode == 0
    assert not alive.exists()


# -- with the real program -------------------------------------------------------------------------

office = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")


def saved_as_doc(source: Path, folder: Path) -> Path:
    """As an office saves it: a paragraph behind the last table, without which Word 97 loses it."""
    document = Document(str(source))
    document.add_paragraph("")
    given = folder / "given" / source.name
    given.parent.mkdir()
    document.save(str(given))
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation={(folder / 'profile').as_uri()}",
         "--convert-to", "doc:MS Word 97", "--outdir", str(folder), str(given)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return folder / f"{source.stem}.doc"


def answer(path: Path, year: int) -> dict[str, Any]:
    """Without the numbers of rows and the places, which a conversion may move."""
    told = as_json(read_document(path, year=year))
    for item in told["items"]:
        del item["row"]
        for clause in item["clauses"]:
            del clause["source"]
    for target in told["targets"]:
        target.pop("place", None)
    return told


@office
def test_an_old_word_file_gives_the_answer_of_the_new_one(tmp_path: Path) -> None:
    rows = (
        written.HEADINGS,
        ("1", "修订防汛预案", "5", "1.未修订预案的扣1分；\n2.未备案的扣1分。", "4月30日",
         "县水利局"),
        ("2", "汛期值班", "5", "发现脱岗的，每次扣0.5分。", "9月30日", "县水利局\n县应急局"),
    )  # fmt: skip
    new = written.word(tmp_path / "flood.docx", rows)
    assert answer(saved_as_doc(new, tmp_path), 2023) == answer(new, 2023)


@office
@pytest.mark.skipif(not SEEDS.exists(), reason="the source documents are not here")
def test_the_county_list_as_an_old_word_file_gives_the_answer_of_the_new_one(
    tmp_path: Path,
) -> None:
    new = SEEDS / "zhongfang-2021.docx"
    assert answer(saved_as_doc(new, tmp_path), 2021) == answer(new, 2021)
