"""Hold the documentation against the code: links, commands, public names, metric names."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+\s+(.+?)\s*$", re.MULTILINE)
METRIC = re.compile(r"\binfrahub_exporter_[a-z0-9_]*[a-z0-9]\b")
SUFFIX = re.compile(r"_(total|info|bucket)$")
TARGET = re.compile(r"^([a-z0-9-]+):", re.MULTILINE)
EVERYWHERE = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/**/*.md",
    "examples/**/*.md",
    "demo/**/*.md",
)


def documents() -> list[Path]:
    """List the Markdown files of the project."""
    return sorted(path for pattern in EVERYWHERE for path in ROOT.glob(pattern))


def anchors(text: str) -> set[str]:
    """Name the headings of a document as links name them: lower case, no punctuation, hyphens for spaces."""
    found: set[str] = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        repeated = 0
        while (name := f"{slug}-{repeated}" if repeated else slug) in found:
            repeated += 1
        found.add(name)
    return found


def dead_links() -> Iterator[str]:
    """Find relative links to files and headings that do not exist."""
    for path in documents():
        text = FENCE.sub("", path.read_text(encoding="utf-8"))
        for link in LINK.findall(text):
            if "://" in link or link.startswith("mailto:"):
                continue
            name, _, anchor = link.partition("#")
            linked = path.parent / name if name else path
            if not linked.exists():
                yield f"{path.relative_to(ROOT)}: {link} does not exist"
            elif anchor and linked.suffix == ".md" and anchor not in anchors(linked.read_text(encoding="utf-8")):
                yield f"{path.relative_to(ROOT)}: {link}: no such heading"


def unknown_targets() -> Iterator[str]:
    """Find commands `make <target>` in shell examples whose target the Makefile does not have."""
    targets = set(TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    for path in documents():
        for language, body in FENCE.findall(path.read_text(encoding="utf-8")):
            for line in body.splitlines() if language in {"bash", "sh", "console", "shell"} else ():
                words = line.removeprefix("$ ").split("#")[0].split()
                if words[:1] == ["make"]:
                    goals = [word for word in words[1:] if "=" not in word and not word.startswith("-")]
                    yield from (
                        f"{path.relative_to(ROOT)}: `make {goal}`: the Makefile has no such target"
                        for goal in goals
                        if goal not in targets
                    )


def public_names() -> list[str]:
    """Read `__all__` of the package without importing it."""
    tree = ast.parse((ROOT / "src/infrahub_exporter/__init__.py").read_text(encoding="utf-8"))
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "__all__" for target in statement.targets
        ):
            return [str(name) for name in ast.literal_eval(statement.value)]
    return []


def undocumented_names() -> Iterator[str]:
    """Find public names that docs/embedding.md does not speak of."""
    document = ROOT / "docs/embedding.md"
    text = document.read_text(encoding="utf-8") if document.exists() else ""
    names = public_names()
    if not names:
        yield "src/infrahub_exporter/__init__.py: no __all__"
    for name in names:
        if not re.search(rf"\b{re.escape(name)}\b", text):
            yield f"docs/embedding.md: nothing about {name}"


def metrics_astray() -> Iterator[str]:
    """Find metrics of the exporter that docs/metrics.md leaves out, and ones there that the code does not have."""
    used = {name for path in (ROOT / "src").rglob("*.py") for name in _metrics(path)}
    documented = _metrics(ROOT / "docs/metrics.md")
    yield from (f"docs/metrics.md: nothing about {name}" for name in sorted(used - documented))
    yield from (f"docs/metrics.md: {name} is not in the code" for name in sorted(documented - used))


def _metrics(path: Path) -> set[str]:
    # Counters, infos and histograms are named without a suffix where they are made.
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return {SUFFIX.sub("", name) for name in METRIC.findall(text)}


def main() -> int:
    """Print every finding; 1 where there is one."""
    findings = [*dead_links(), *unknown_targets(), *undocumented_names(), *metrics_astray()]
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
