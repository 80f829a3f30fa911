"""The alerts of docs/reliability.md are rules that Prometheus takes."""

import re
import shutil
import subprocess
from pathlib import Path

DOCUMENT = Path(__file__).parents[3] / "docs" / "reliability.md"
RULES = re.compile(r"^```yaml\n(groups:.*?)^```", re.MULTILINE | re.DOTALL)


def test_prometheus_takes_the_alerts(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    assert promtool, "not installed; on Debian: apt-get install prometheus"
    rules = RULES.findall(DOCUMENT.read_text(encoding="utf-8"))
    assert rules
    for number, text in enumerate(rules):
        (tmp_path / f"{number}.yml").write_text(text, encoding="utf-8")
    checked = subprocess.run(  # noqa: S603 - promtool
        [promtool, "check", "rules", *map(str, tmp_path.iterdir())], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
