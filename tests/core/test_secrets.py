"""Encrypted columns: readable only where they were written, by whoever holds the key, and shown by nothing."""

import logging
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.utils import display_for_field
from django.core import serializers
from django.core.exceptions import FieldError
from django.db import connection
from django.forms import modelform_factory
from django.forms.models import model_to_dict
from hypothesis import given
from hypothesis import strategies as st
from psycopg.sql import SQL, Identifier
from pytest_django import Settings

from apps.accounts.models import WebSession
from apps.core.errors import Invalid
from apps.core.secrets import EncryptedTextField, Sealed, Undecipherable, decrypt, encrypt
from tests import make

SECRET = "a refresh token nobody may see"
PLACE = "web_sessions.refresh_token"
ONE, TWO = os.urandom(32), os.urandom(32)


def use_keys(settings: Settings, in_use: int, **keys: bytes) -> None:
    """Configure keys, given as `k1=…`, and which of them writes."""
    settings.FIELD_KEYS = {int(name.removeprefix("k")): key for name, key in keys.items()}
    settings.FIELD_KEY_IN_USE = in_use


def session(**columns: Any) -> WebSession:
    """Return a web session of Ada's as it was stored."""
    usual = {"user": make.user(), "session_digest": os.urandom(32).hex()}
    usual["expires_at"] = datetime.now(UTC) + timedelta(hours=10)
    return WebSession.objects.create(**{**usual, **columns})


def kept(of: WebSession, column: str = "refresh_token") -> bytes | None:
    """Return what stands in the table."""
    with connection.cursor() as cursor:
        cursor.execute(SQL("SELECT {} FROM web_sessions WHERE token_id = %s").format(Identifier(column)), [of.pk])
        value = cursor.fetchone()[0]
    return None if value is None else bytes(value)


def put(of: WebSession, value: bytes, column: str = "refresh_token") -> None:
    """Change what stands in the table, as somebody with access to it would."""
    with connection.cursor() as cursor:
        change = SQL("UPDATE web_sessions SET {} = %s WHERE token_id = %s").format(Identifier(column))
        cursor.execute(change, [value, of.pk])


def loaded(of: WebSession) -> WebSession:
    """Return the row anew."""
    return WebSession.objects.get(pk=of.pk)


@given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_any_text_comes_back_and_is_not_seen_in_what_is_kept(text: str) -> None:
    once, again = encrypt(text, PLACE), encrypt(text, PLACE)

    assert decrypt(once, PLACE) == decrypt(again, PLACE) == text
    assert once != again
    assert len(text.encode()) < 4 or text.encode() not in once


@given(text=st.text(st.characters(codec="ascii", exclude_characters="\0"), min_size=1), data=st.data())
def test_any_changed_bit_is_noticed(text: str, data: st.DataObject) -> None:
    whole = bytearray(encrypt(text, PLACE))
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    whole[bit // 8] ^= 1 << bit % 8

    with pytest.raises(Undecipherable):
        decrypt(bytes(whole), PLACE)


@given(st.binary(max_size=60))
def test_bytes_that_we_never_wrote_are_refused(anything: bytes) -> None:
    with pytest.raises(Undecipherable):
        decrypt(anything, PLACE)


@pytest.mark.parametrize("text", ["a\0b", "half \ud800", 7, b"bytes"])
def test_what_is_no_text_is_refused_naming_the_column_and_not_the_content(text: Any) -> None:
    with pytest.raises(Invalid) as refused:
        encrypt(text, PLACE)

    assert PLACE in refused.value.detail
    assert str(text) not in refused.value.detail
    assert refused.value.__cause__ is None


def test_unknown_key_is_named_by_its_number(settings: Settings) -> None:
    use_keys(settings, 7, k7=ONE)
    written = encrypt(SECRET, PLACE)
    use_keys(settings, 8, k8=TWO)

    with pytest.raises(Undecipherable, match=r"web_sessions\.refresh_token: written with key 7, which FIELD_KEYS"):
        decrypt(written, PLACE)


def test_key_of_the_same_number_but_another_content_opens_nothing(settings: Settings) -> None:
    use_keys(settings, 7, k7=ONE)
    written = encrypt(SECRET, PLACE)
    use_keys(settings, 7, k7=TWO)

    with pytest.raises(Undecipherable, match="not what was written there"):
        decrypt(written, PLACE)


@pytest.mark.django_db
def test_row_keeps_its_secret_encrypted_and_gives_it_back() -> None:
    row = session(refresh_token=SECRET, id_token="")

    assert SECRET.encode() not in (kept(row) or b"")
    assert (loaded(row).refresh_token, loaded(row).id_token) == (SECRET, "")
    assert kept(session()) is None
    assert loaded(session()).refresh_token is None


@pytest.mark.django_db
def test_every_write_takes_a_fresh_nonce() -> None:
    row = session(refresh_token=SECRET)
    seen = {kept(row)}
    for _ in range(3):
        loaded(row).save()
        seen.add(kept(row))

    assert len(seen) == 4
    assert loaded(row).refresh_token == SECRET


@pytest.mark.django_db
def test_value_moved_to_another_column_is_refused() -> None:
    row = session(refresh_token=SECRET)
    put(row, kept(row) or b"", "id_token")

    with pytest.raises(Undecipherable, match=r"web_sessions\.id_token"):
        _ = loaded(row).id_token
    assert loaded(row).refresh_token == SECRET


@pytest.mark.django_db
def test_tampered_row_is_listed_and_ended_like_any_other_and_keeps_what_stands_there() -> None:
    row = session(refresh_token=SECRET)
    tampered = (kept(row) or b"")[:-1] + bytes([(kept(row) or b"")[-1] ^ 1])
    put(row, tampered)

    (found,) = WebSession.objects.filter(user=row.user)
    found.revoked_reason = "tampered"
    found.save()

    assert (loaded(row).revoked_reason, kept(row)) == ("tampered", tampered)
    with pytest.raises(Undecipherable):
        _ = found.refresh_token


@pytest.mark.django_db
def test_unreadable_secret_can_be_replaced_and_emptied() -> None:
    row = session(refresh_token=SECRET, id_token=SECRET)
    put(row, b"nonsense")
    put(row, b"", "id_token")
    found = loaded(row)
    found.refresh_token, found.id_token = "new", None
    found.save()

    assert (loaded(row).refresh_token, loaded(row).id_token) == ("new", None)


@pytest.mark.django_db
def test_row_saved_with_the_new_key_in_place_moves_to_it(settings: Settings) -> None:
    use_keys(settings, 1, k1=ONE)
    row = session(refresh_token=SECRET)
    use_keys(settings, 2, k2=TWO, k1=ONE)
    loaded(row).save()

    assert (kept(row) or b"")[0] == 2


@pytest.mark.django_db
def test_secret_written_in_bulk_is_encrypted_too() -> None:
    row = session()
    WebSession.objects.filter(pk=row.pk).update(refresh_token=SECRET)
    after_update = kept(row) or b""
    found = loaded(row)
    found.refresh_token = "another"
    WebSession.objects.bulk_update([found], ["refresh_token"])

    assert SECRET.encode() not in after_update
    assert decrypt(after_update, PLACE) == SECRET
    assert loaded(row).refresh_token == "another"


@pytest.mark.django_db
def test_secret_left_out_of_a_query_is_read_when_it_is_asked_for() -> None:
    row = session(refresh_token=SECRET)

    assert WebSession.objects.defer("refresh_token").get(pk=row.pk).refresh_token == SECRET


@pytest.mark.django_db
def test_nothing_but_its_absence_can_be_asked_in_sql() -> None:
    row = session(refresh_token=SECRET)

    assert WebSession.objects.get(refresh_token__isnull=False) == row
    for lookup in ("refresh_token", "refresh_token__contains", "refresh_token__gt", "refresh_token__in"):
        with pytest.raises(FieldError):
            WebSession.objects.filter(**{lookup: [SECRET]}).exists()


@pytest.mark.django_db
def test_nothing_shows_it_unasked(caplog: pytest.LogCaptureFixture) -> None:
    row = loaded(session(refresh_token=SECRET))
    (value,) = WebSession.objects.values_list("refresh_token", flat=True)
    with caplog.at_level(logging.WARNING):
        logging.getLogger("test").warning("row %r with %s and %r", row, row.__dict__, value)
    form = modelform_factory(WebSession, fields=["ip_address"])(instance=row)
    dumped = serializers.serialize("json", [row])

    shown = [repr(row), str(row), caplog.text, str(form), str(model_to_dict(row)), dumped, repr(value), str(value)]
    assert isinstance(value, Sealed)
    assert [text for text in shown if SECRET in text] == []


def test_no_form_and_no_admin_page_can_ask_for_it() -> None:
    column = WebSession._meta.get_field("refresh_token")

    assert isinstance(column, EncryptedTextField)
    assert column.formfield() is None
    with pytest.raises(FieldError, match="non-editable"):
        modelform_factory(WebSession, fields=["refresh_token"])
    assert SECRET not in str(display_for_field(Sealed(encrypt(SECRET, PLACE), PLACE), column, "-"))


def test_error_about_a_secret_does_not_hold_it(settings: Settings) -> None:
    use_keys(settings, 1, k1=ONE)
    written = encrypt(SECRET, PLACE)[:-1] + b"x"
    with pytest.raises(Undecipherable) as refused:
        decrypt(written, PLACE)

    shown = repr(refused.value) + str(refused.value) + str(refused.value.__cause__)
    assert SECRET not in shown
    assert written.hex()[26:] not in shown
