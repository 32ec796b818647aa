"""Turns the downloaded packages into plain documents, one generator per kind of text."""

from __future__ import annotations

import gzip
import re
import subprocess
import zipfile
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

Document = tuple[str, str]
"""A stable name (which decides whether the document is held out) and its text."""

_SYNSETS_PER_PAGE = 40
_PARTS = {"n": "noun", "v": "verb", "a": "adjective", "s": "adjective", "r": "adverb"}


def bible(root: Path) -> Iterator[Document]:
    """The King James Bible, one chapter a document, as Debian's `bible` prints it."""
    command = [root / "usr/bin/bible", "-p", root / "usr/lib", "-l100000", "gen1:1-rev22:21"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for part in re.split(r"\n(?=\n[1-3A-Z][^\n]* \d+\n\n)", text):
        lines = [line.strip() for line in part.strip().splitlines()]
        if len(lines) > 2:
            yield f"bible/{lines[0]}", "\n".join(lines) + "\n"


def novels(root: Path) -> Iterator[Document]:
    """Jane Austen's six novels from the R package janeaustenr, one chapter a document, paragraphs unwrapped."""
    data = (root / "usr/lib/R/site-library/janeaustenr/data/Rdata.rdb").read_bytes()
    start = 0
    while start < len(data):
        inflater = zlib.decompressobj()
        vector = inflater.decompress(data[start + 4:])
        start = len(data) - len(inflater.unused_data)
        lines = _character_vector(vector)
        title = lines[0].strip()
        chapters = re.split(r"\n(?=(?:CHAPTER|Chapter) [0-9IVXL]+\b)", "\n".join(lines))
        for number, chapter in enumerate(chapters[1:], 1):
            paragraphs = [" ".join(block.split()) for block in re.split(r"\n\s*\n", chapter)]
            yield f"novels/{title}/{number}", "\n\n".join(p for p in paragraphs if p) + "\n"


def _character_vector(serialized: bytes) -> list[str]:
    """The strings of an R character vector in XDR serialization: each is a CHARSXP header, a length, bytes."""
    strings, at = [], serialized.index(b"\x00\x04\x00\x09")
    while serialized[at:at + 2] == b"\x00\x04" and serialized[at + 3:at + 4] == b"\x09":
        length = int.from_bytes(serialized[at + 4:at + 8], "big", signed=True)
        strings.append(serialized[at + 8:at + 8 + max(length, 0)].decode("utf-8", "replace"))
        at += 8 + max(length, 0)
    return strings


def wordnet(root: Path) -> Iterator[Document]:
    """WordNet's glosses as dictionary pages: consecutive synsets, `words (part): gloss`."""
    for part in ("noun", "verb", "adj", "adv"):
        entries = []
        for line in (root / "usr/share/wordnet" / f"data.{part}").read_text("latin-1").splitlines():
            if line.startswith("  "):
                continue
            head, gloss = line.split(" | ", 1)
            fields = head.split(" ")
            words = [fields[4 + 2 * i].replace("_", " ") for i in range(int(fields[3], 16))]
            entries.append(f"{', '.join(words)} ({_PARTS[fields[2]]}): {gloss.strip()}")
        for first in range(0, len(entries), _SYNSETS_PER_PAGE):
            yield f"wordnet/{part}/{first}", "\n".join(entries[first:first + _SYNSETS_PER_PAGE]) + "\n"


def manuals(root: Path) -> Iterator[Document]:
    """The SQLite and PostgreSQL manuals, one page a document, HTML stripped."""
    for project in ("sqlite3", "postgresql"):
        folders = sorted((root / "usr/share/doc").glob(f"{project}*"))
        for page in sorted(p for f in folders for p in f.rglob("*.html*") if p.is_file()):
            raw = page.read_bytes()
            raw = gzip.decompress(raw) if page.suffix == ".gz" else raw
            reader = _Html()
            reader.feed(raw.decode("utf-8", "replace"))
            text = reader.text()
            if 1_000 <= len(text) <= 120_000:
                yield f"manuals/{project}/{page.name}", text


class _Html(HTMLParser):
    """Keeps the text of a page: blocks become lines, `pre` keeps its layout, navigation and scripts go."""

    _BLOCKS = frozenset("p div h1 h2 h3 h4 h5 h6 li ul ol dl dt dd tr table blockquote br hr pre section".split())
    _SKIPPED = frozenset("script style head svg button form".split())
    _VOID = frozenset("br hr img input link meta col area base wbr".split())
    _NAVIGATION = re.compile(r"nav|nosearch|menu|search|toc|footer|rightsidebar")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._skipping: list[str] = []
        self._pre = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._VOID:
            if not self._skipping and tag in self._BLOCKS:
                self._parts.append("\n")
            return
        named = " ".join(v or "" for k, v in attrs if k in ("class", "id"))
        if self._skipping:
            if tag == self._skipping[0]:
                self._skipping.append(tag)
        elif tag in self._SKIPPED or (tag == "div" and self._NAVIGATION.search(named)):
            self._skipping.append(tag)
        elif tag in self._BLOCKS:
            self._parts.append("\n")
        self._pre += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if self._skipping:
            if tag == self._skipping[0]:
                self._skipping.pop()
        elif tag in self._BLOCKS:
            self._parts.append("\n")
        elif tag in ("td", "th"):
            self._parts.append("  ")
        self._pre -= tag == "pre" and self._pre > 0

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self._parts.append(data if self._pre else re.sub(r"\s+", " ", data))

    def text(self) -> str:
        lines = [line.rstrip() for line in "".join(self._parts).replace("\xa0", " ").splitlines()]
        lines = [line[1:] if re.match(r" \S", line) else line for line in lines]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def java(jars: list[Path]) -> Iterator[Document]:
    """Java files of Apache-2.0 libraries, without their licence headers (they would only be memorised)."""
    for jar in jars:
        with zipfile.ZipFile(jar) as archive:
            for name in sorted(n for n in archive.namelist() if n.endswith(".java")):
                text = archive.read(name).decode("utf-8", "replace").replace("\r\n", "\n").replace("\t", "    ")
                text = _without_licence(text)
                if 400 <= len(text) <= 100_000 and not name.endswith("-info.java"):
                    yield f"java/{jar.name.removesuffix('-sources.jar')}/{name}", text


def _without_licence(text: str) -> str:
    """Drops the comments before the package statement that speak of a licence or copyright."""
    while (comment := re.match(r"\s*(/\*.*?\*/|(?://[^\n]*\n)+)", text, re.S)) and re.search(
            r"licen[cs]e|copyright", comment.group(), re.I):
        text = text[comment.end():]
    return text.lstrip()
