"""`python -m tests.stories.write [NAME...]`: (re)write `expected.yaml` from a run; the diff is then read by a person.

`python -m tests.stories.write NAME --from CAPTURE.ami --says "One sentence."` makes a new story of a recording; a
`CAPTURE.expect.json` beside it comes along. Nothing here decides what is right: `test_stories.py` and the reader do.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import yaml

from tests.stories.book import SHELF, Story, records_of, stories


def write_expected(story: Story) -> bool:
    """Whether the file changed."""
    text = yaml.safe_dump(
        records_of(story.raw), allow_unicode=True, sort_keys=False, default_flow_style=None, width=120
    )
    path = story.folder / "expected.yaml"
    changed = not path.exists() or path.read_text(encoding="utf-8") != text
    path.write_text(text, encoding="utf-8")
    return changed


def add(name: str, capture: Path, sentence: str) -> Story:
    """A new folder from a recording."""
    folder = SHELF / name
    folder.mkdir(exist_ok=True)
    shutil.copyfile(capture, folder / "ami.log")
    truth = capture.with_suffix(".expect.json")
    if truth.exists():
        shutil.copyfile(truth, folder / "phones.expect.json")
    (folder / "story.md").write_text(sentence.strip() + "\n", encoding="utf-8")
    return Story(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--from", dest="capture", type=Path)
    parser.add_argument("--says", default="")
    chosen = parser.parse_args()
    if chosen.capture is not None:
        write_expected(add(chosen.names[0], chosen.capture, chosen.says))
        return
    for story in stories():
        if (not chosen.names or story.name in chosen.names) and write_expected(story):
            sys.stdout.write(f"{story.name}\n")


if __name__ == "__main__":
    main()
