"""Build the table of sensor widths that the package ships, from openMVG's database.

    python tools/build_sensor_table.py sensor_database.csv sensor_database.LICENSE.txt

Source: github.com/openMVG/CameraSensorSizeDatabase, commit 07da7acbf97348405cf859ce76a00ac642ba1fc5 (MIT).
"""

import csv
import re
import shutil
import sys
from collections import defaultdict
from pathlib import Path

from theodolite.camera.sensors import TABLE, camera_key

HEAD = """\
# Sensor widths by camera: maker, millimetres along the longer side, models. Names are plain letters and digits.
# Made by tools/build_sensor_table.py from github.com/openMVG/CameraSensorSizeDatabase (MIT, sensor_widths.LICENCE.txt).
"""
# Entries of the database that contradict the maker's data sheet.
CORRECTIONS = {("dji", "fc6310"): 13.2}  # Phantom 4 Pro: a 1-inch sensor; the database has 6.17


def read(path: Path) -> dict[tuple[str, str], float]:
    """Width by maker and model key. Of "EOS Rebel T3i / 600D" each name becomes an entry."""
    widths: dict[tuple[str, str], float] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for maker, model, width in list(csv.reader(file))[1:]:
            names = re.split(r" / ", model)
            family = names[0].removeprefix(maker).split(maxsplit=1)[:1]
            for name in names:
                given = name if name is names[0] else " ".join([*family, name])
                widths.setdefault(camera_key(maker, given), float(width))
    return widths


def main(database: str, licence: str) -> None:
    """Write the table and its licence into the package."""
    widths = {**read(Path(database)), **CORRECTIONS}
    lines: dict[tuple[str, float], list[str]] = defaultdict(list)
    for (maker, key), width in sorted(widths.items()):
        if key:
            lines[maker, width].append(key)
    rows = [f"{maker}\t{width:g}\t{' '.join(keys)}\n" for (maker, width), keys in sorted(lines.items())]
    TABLE.write_text(HEAD + "".join(rows), encoding="utf-8")
    shutil.copyfile(licence, TABLE.with_name("sensor_widths.LICENCE.txt"))
    print(f"{len(widths)} cameras, {TABLE.stat().st_size} bytes: {TABLE}")


if __name__ == "__main__":
    main(*sys.argv[1:])
