import hmac

import pandas as pd
import pytest

from reintegration.errors import StudyError
from reintegration.ingest import pseudonym
from reintegration.ingest.pseudonym import DEMO_KEY, KEY_VARIABLE, find_key, pseudonyms

KEY = b"k" * 64


def test_a_pseudonym_is_a_keyed_hash_and_missing_stays_missing():
    cases = pd.Series(["SN-1", " sn-1 ", "SN-2", None], dtype="str")
    made = pseudonyms("R", cases, KEY)
    assert made[0] == made[1] != made[2]
    assert made.str.fullmatch("R[0-9a-f]{12}").tolist()[:3] == [True] * 3
    assert pd.isna(made[3])
    assert pseudonyms("R", cases, b"x" * 64)[0] != made[0]
    assert pseudonyms("L", cases, KEY)[0][1:] != made[0][1:]


def test_the_same_case_number_in_two_countries_is_two_returnees():
    made = pseudonyms("R", pd.Series(["1", "1"]), KEY, scope=pd.Series(["SEN", "GIN"]))
    assert made[0] != made[1]


def test_the_key_is_made_once_for_its_owner_alone(tmp_path, monkeypatch):
    path = tmp_path / "home" / "keys" / "key"
    monkeypatch.setenv(KEY_VARIABLE, str(path))
    key = find_key(simulated=False, checkout=tmp_path / "checkout")
    assert len(key) == 64
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]  # no draft is left
    assert find_key(simulated=False, checkout=tmp_path / "checkout") == key


def test_only_simulated_data_get_the_public_key(tmp_path, monkeypatch):
    path = tmp_path / "key"
    monkeypatch.setenv(KEY_VARIABLE, str(path))
    assert find_key(simulated=True) == DEMO_KEY
    assert not path.exists()
    path.write_bytes(DEMO_KEY)
    path.chmod(0o600)
    with pytest.raises(StudyError, match="public key"):
        find_key(simulated=False, checkout=tmp_path / "checkout")


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [(b"a" * 64, 0o644, "chmod 600"), (b"short", 0o600, "fewer than 32")],
)
def test_a_weak_key_is_refused(tmp_path, monkeypatch, content, mode, says):
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(mode)
    monkeypatch.setenv(KEY_VARIABLE, str(path))
    with pytest.raises(StudyError, match=says):
        find_key(simulated=False, checkout=tmp_path / "checkout")


def test_a_key_inside_the_checkout_or_in_no_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "checkout" / "data" / "key"))
    with pytest.raises(StudyError, match="inside the checkout"):
        find_key(simulated=False, checkout=tmp_path / "checkout")
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "file" / "key"))
    with pytest.raises(StudyError, match=f"cannot be made.*{KEY_VARIABLE}="):
        find_key(simulated=False, checkout=tmp_path / "checkout")


def test_a_key_is_refused_inside_the_checkout_whatever_link_leads_there(tmp_path, monkeypatch):
    checkout = tmp_path / "checkout"
    (checkout / "data").mkdir(parents=True)
    (checkout / "data/key").write_bytes(b"k" * 64)
    (checkout / "data/key").chmod(0o600)
    (tmp_path / "folder").symlink_to(checkout / "data")
    (tmp_path / "file").symlink_to(checkout / "data/key")
    (tmp_path / "other").symlink_to(checkout)
    for named, root in [("folder/key", checkout), ("file", checkout),
                        ("checkout/data/key", tmp_path / "other"),
                        ("folder/new", checkout)]:  # fmt: skip
        monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / named))
        with pytest.raises(StudyError, match="inside the checkout"):
            find_key(simulated=False, checkout=root)
    assert not (checkout / "data/new").exists()


def test_pseudonyms_do_not_depend_on_how_many_are_made_at_once(monkeypatch):
    cases = pd.Series(["SN-1", " sn  1", "É1", None, "sn-1", "SN 1"] * 3, dtype="str")
    whole = pseudonyms("R", cases, KEY)
    monkeypatch.setattr(pseudonym, "AT_ONCE", 2)
    pd.testing.assert_series_equal(pseudonyms("R", cases, KEY), whole)
    pd.testing.assert_series_equal(pseudonyms("R", cases.astype("category"), KEY), whole)
    assert whole.nunique() == 3
    assert whole[0] == "R" + hmac.digest(KEY, b"R\x1fSN-1", "sha256").hex()[:12]
