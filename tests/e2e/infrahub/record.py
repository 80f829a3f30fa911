"""Write down what an Infrahub answers to the corpus: `python -m tests.e2e.infrahub.record ADDRESS TOKEN FILE`."""

import json
import sys
from pathlib import Path

from tests.e2e.infrahub.answers import Infrahub
from tests.e2e.infrahub.corpus import CHANGES, KINDS, QUESTIONS, TYPES
from tests.e2e.infrahub.shapes import kind_at, type_at


def main(address: str, token: str, file: str) -> None:
    """Ask everything in order: questions first, then changes."""
    infrahub = Infrahub(address, token)
    infrahub.learn()
    answers: dict[str, object] = {ask.name: infrahub.question(ask) for ask in QUESTIONS}
    answers |= {f"kind: {kind}": kind_at(infrahub, kind) for kind in KINDS}
    answers |= {f"type: {name}": sorted(type_at(infrahub, name)) for name in TYPES}
    answers |= {f"change: {ask.name}": infrahub.change(ask) for ask in CHANGES}
    Path(file).write_text(json.dumps(answers, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{len(answers)} answers in {file}")


if __name__ == "__main__":
    main(*sys.argv[1:])
