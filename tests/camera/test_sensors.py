"""The sensor table: found under the names that cameras write."""

import pytest

from theodolite.camera.sensors import TABLE, camera_key, sensor_width


@pytest.mark.parametrize(
    ("make", "model", "width"),
    [
        ("Canon", "Canon EOS D60", 22.7),
        ("NIKON CORPORATION", "NIKON D60", 23.6),
        ("Canon", "Canon EOS REBEL T3i", 22.3),
        ("Canon", "Canon EOS 600D", 22.3),
        ("Canon", "Canon EOS Kiss X4", 22.3),
        ("Canon", "Canon EOS 5D Mark II", 36),
        ("Canon", "Canon DIGITAL IXUS 400", 7.11),
        ("FUJIFILM", "FinePix2650", 5.33),
        ("FUJIFILM", "FinePix4900ZOOM", 7.53),
        ("NIKON", "E775", 5.33),
        ("NIKON", "COOLPIX P6000", 7.44),
        ("OLYMPUS IMAGING CORP.", "E-P3", 17.3),
        ("Panasonic", "DMC-LC40", 7.53),
        ("SONY", "DSC-P12", 7.11),
        ("SONY", "ILCE-7R", 35.9),
        ("SONY", "ILCE-6000", 23.5),
        ("SONY", "NEX-5N", 23.4),
        ("JK Imaging, Ltd.", "KODAK PIXPRO FZ201", 6.16),
        ("EASTMAN KODAK COMPANY", "KODAK DC3400 ZOOM DIGITAL CAMERA", 7.53),
        ("RICOH IMAGING COMPANY, LTD.", "PENTAX K-50", 23.7),
        ("KONICA MINOLTA", "DiMAGE A2", 8.8),
        ("Apple", "iPhone 4", 4.54),
        ("DJI", "FC6310", 13.2),
    ],
)
def test_a_camera_is_found_under_its_exif_name(make, model, width):
    assert sensor_width(make, model) == width


@pytest.mark.parametrize(
    ("make", "model"),
    [("", ""), ("Canon", ""), ("", "Canon"), ("Apple", "iPhone 11 Pro"), ("SONY", "CYBERSHOT"), ("?", "!")],
)
def test_a_camera_that_is_not_listed_is_unknown(make, model):
    assert sensor_width(make, model) is None


def test_the_licence_of_the_table_lies_beside_it():
    licence = TABLE.with_name("sensor_widths.LICENCE.txt").read_text()
    assert "Permission is hereby granted" in licence
    assert "sensor_widths.LICENCE.txt" in TABLE.read_text().splitlines()[1]


def test_every_line_of_the_table_is_sound():
    for line in TABLE.read_text().splitlines()[2:]:
        maker, width, keys = line.split("\t")
        assert maker.isalnum()
        assert 2 < float(width) < 60
        assert all(key.isalnum() for key in keys.split())


def test_the_table_is_what_its_builder_makes_of_the_database(shared, tmp_path, monkeypatch):
    import importlib.util

    builder = TABLE.parents[3] / "tools" / "build_sensor_table.py"
    spec = importlib.util.spec_from_file_location("build_sensor_table", builder)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "TABLE", tmp_path / "sensor_widths.tsv")
    folder = shared / "data/camera_sensor_databases"
    module.main(str(folder / "sensor_database.csv"), str(folder / "sensor_database.LICENSE.txt"))
    assert (tmp_path / "sensor_widths.tsv").read_text() == TABLE.read_text()


def test_a_key_is_plain_letters_and_digits():
    assert camera_key("OLYMPUS OPTICAL CO.,LTD", "C-750 Ultra Zoom") == ("olympus", "c750ultrazoom")
