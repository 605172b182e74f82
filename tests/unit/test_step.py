"""What surrounds each step: its log, and who may read it."""

import os

import pytest

from reintegration.errors import StudyError
from reintegration.step import step


def test_a_mistake_is_said_in_words_and_a_fault_with_its_traceback(tmp_path, capsys):
    with pytest.raises(SystemExit), step(tmp_path / "one.log"):
        raise StudyError("Not so.", ["mend this"])
    assert (tmp_path / "one.log").read_text() == "Not so.\n  - mend this\n"
    with pytest.raises(SystemExit), step(tmp_path / "two.log"):
        raise ValueError("odd")
    assert "Traceback" in (tmp_path / "two.log").read_text()
    assert "Not so." in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_a_log_is_for_its_owner_alone(tmp_path):
    log = tmp_path / "logs" / "a.log"
    log.parent.mkdir()
    log.write_text("an older one")
    log.chmod(0o644)
    with step(log):
        print("said")
    assert log.read_text() == "said\n"
    assert log.stat().st_mode & 0o777 == 0o600
