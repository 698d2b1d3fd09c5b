"""The day of a workspace whose system calls are recorded, from its making: `recorded.py FOLDER`.

It makes the workspace `FOLDER/home` and plays the scenes; what is acknowledged is noted in files beside it, so that the
record says when that was.
"""

from __future__ import annotations

import sys
from pathlib import Path

import workload
from workload import Place, back_up, begin, define, following, forget, hand_in, letters, opened, save, serve, tell


def main(folder: Path) -> None:
    workload.small()
    place = Place(folder)
    begin(place)
    with opened(place) as one, following(one) as follower:
        for scene in (serve, define, forget, hand_in):
            scene(place, one, follower)
    with opened(place) as one:
        letters(place, one, None)
        save(place, one, None)
        tell(place, one, None)
        back_up(place, one, None)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
