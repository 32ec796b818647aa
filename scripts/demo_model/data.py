"""Step `data`: downloads the sources, writes deduplicated documents per kind, and holds some of them out."""

from __future__ import annotations

import hashlib
import json
import subprocess
import urllib.request
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from . import sources
from .config import KINDS, Demo, Jar, Places

_CENTRAL = "https://repo.maven.apache.org/maven2/"
_SEPARATOR = "\x00"
_LICENCES = {
    "bible-kjv": "GPL-2.0-or-later (the program that unpacks the text; nothing of it is in the corpus)",
    "bible-kjv-text": "public domain (King James Version, 1611)",
    "wordnet-base": "WordNet 3.0 license (permissive, Princeton University)",
    "r-cran-janeaustenr": "public domain (novels, 1811-1817); packaging MIT",
    "sqlite3-doc": "public domain",
    "postgresql-doc-15": "PostgreSQL License",
}


def prepare(demo: Demo, places: Places) -> None:
    """Downloads, extracts and splits the corpus; the facts about it go to corpus.json."""
    places.downloads.mkdir(parents=True, exist_ok=True)
    places.corpus.mkdir(parents=True, exist_ok=True)
    origins = [_debian(name, places.downloads) for name in demo.corpus.debian]
    origins += [_maven(jar, places.downloads) for jar in demo.corpus.jars]
    root = places.downloads / "root"
    for origin in origins:
        if origin["file"].endswith(".deb"):
            subprocess.run(["dpkg-deb", "-x", places.downloads / origin["file"], root], check=True)
    jars = [places.downloads / Path(jar.path).name for jar in demo.corpus.jars]
    streams = {"bible": sources.bible(root), "novels": sources.novels(root), "wordnet": sources.wordnet(root),
               "manuals": sources.manuals(root), "java": sources.java(jars)}
    kinds = {kind: _split(kind, streams[kind], demo, places) for kind in KINDS}
    facts = {"sources": origins, "kinds": kinds}
    (places.corpus / "corpus.json").write_text(json.dumps(facts, indent=2) + "\n")


def documents(places: Places, kind: str, part: str) -> list[str]:
    """The documents of a kind; `part` is `train` or `heldout`."""
    path = places.corpus / f"{kind}.{part}.txt"
    if not path.exists():
        raise SystemExit(f"{path} is missing: run the step `data` first.")
    return path.read_text("utf-8").split(_SEPARATOR)


def _debian(name: str, folder: Path) -> dict:
    found = sorted(folder.glob(f"{name}_*.deb"))
    if not found:
        print(f"fetching Debian package {name}", flush=True)
        done = subprocess.run(["apt-get", "download", name], cwd=folder, capture_output=True, text=True)
        found = sorted(folder.glob(f"{name}_*.deb"))
        if done.returncode or not found:
            raise SystemExit(f"Debian package {name} could not be downloaded: {done.stderr.strip()[-200:]}")
    version = subprocess.run(["dpkg-deb", "-f", found[-1], "Version"], check=True, capture_output=True, text=True)
    return {"name": f"Debian {name}", "version": version.stdout.strip(), "licence": _LICENCES[name],
            "file": found[-1].name, "bytes": found[-1].stat().st_size, "sha256": sha256(found[-1])}


def _maven(jar: Jar, folder: Path) -> dict:
    path = folder / Path(jar.path).name
    if not path.exists():
        print(f"fetching {jar.path}", flush=True)
        try:
            with urllib.request.urlopen(_CENTRAL + jar.path, timeout=120) as response:
                path.write_bytes(response.read())
        except OSError as e:
            raise SystemExit(f"{_CENTRAL}{jar.path} could not be downloaded: {e}") from e
    return {"name": f"{jar.group}:{jar.artifact} (sources)", "version": jar.version, "licence": "Apache-2.0",
            "file": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _split(kind: str, stream: Iterable[sources.Document], demo: Demo, places: Places) -> dict:
    """Writes train and held-out documents of one kind and the small held-out text for tests."""
    parts: dict[str, list[tuple[str, str]]] = {"train": [], "heldout": []}
    for name, text in islice(_unique(stream), demo.corpus.max_documents):
        bucket = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % 1000
        parts["heldout" if bucket < demo.corpus.held_out_per_mille else "train"].append((name, text))
    for part, entries in parts.items():
        (places.corpus / f"{kind}.{part}.txt").write_text(_SEPARATOR.join(t for _, t in entries), "utf-8")
    places.held_out.mkdir(parents=True, exist_ok=True)
    excerpt = "\n".join(_whole_documents([t for _, t in parts["heldout"]], demo.corpus.test_bytes))
    (places.held_out / f"{kind}.txt").write_text(excerpt, "utf-8")
    facts = {part: {"documents": len(e), "bytes": sum(len(t.encode()) for _, t in e)} for part, e in parts.items()}
    print(f"{kind}: {facts['train']['bytes'] / 1e6:.1f} MB to train on in {facts['train']['documents']} documents, "
          f"{facts['heldout']['bytes'] / 1e3:.0f} kB held out", flush=True)
    return facts


def _unique(stream: Iterable[sources.Document]) -> Iterator[sources.Document]:
    seen = set()
    for name, text in stream:
        text = text.replace(_SEPARATOR, "")
        digest = hashlib.sha256(" ".join(text.split()).encode()).digest()
        if digest not in seen:
            seen.add(digest)
            yield name, text


def _whole_documents(texts: list[str], limit: int) -> list[str]:
    """The first documents that fit within the limit together (the first one cut to it if it does not)."""
    chosen, used = [], 0
    for text in texts:
        size = len(text.encode())
        if used + size <= limit:
            chosen.append(text)
            used += size
    return chosen or [texts[0][:limit]]
