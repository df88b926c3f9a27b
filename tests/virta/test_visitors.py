"""Acts survive their file, and a broken file is told where it is broken."""

from pathlib import Path

import pytest

from virta.visitors import (
    Act,
    Bounces,
    BrokenActs,
    Chooses,
    Clicks,
    Complains,
    Confirms,
    Event,
    Opens,
    Sets,
    SignsUp,
    Withdraws,
    read_acts,
    write_acts,
)

ACTS: list[Act] = [
    SignsUp(1_735_801_200_000, "anna@example.com", "lv", ("news", "offers"), {"first_name": "Anna"}),
    Confirms(1_735_801_200_000, "anna@example.com"),
    Event(
        1_735_804_800_123,
        "anna@example.com",
        "order-1",
        "order_placed",
        {"order_id": "1", "items": [{"sku": "A"}]},
    ),
    Event(1_735_804_800_123, "anna@example.com", "order-0", "order_placed", {}, happened=1_700_000_000_000),
    Sets(1_735_804_800_123, "anna@example.com", {"time_zone": "Asia/Tashkent", "birthday": None}),
    Opens(1_735_804_800_124, "anna@example.com"),
    Opens(1_735_804_800_124, "anna@example.com", "welcome", "gift"),
    Clicks(1_735_804_800_125, "anna@example.com", "welcome", "gift", 2),
    Clicks(1_735_804_800_125, "anna@example.com", "welcome", "gift", "/tours"),
    Complains(1_735_804_800_126, "anna@example.com"),
    Bounces(1_735_804_800_127, "anna@example.com", "soft"),
    Chooses(1_735_804_800_128, "anna@example.com"),
    Chooses(1_735_804_800_128, "anna@example.com", (), "", 0, "fi"),
    Chooses(1_735_804_800_128, "anna@example.com", ("news", "measurement"), "weekly", 30),
    Withdraws(1_735_891_200_000, "anna@example.com"),
]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    """All ten kinds, to the millisecond; nothing chosen is not the same as nothing said."""
    file = tmp_path / "acts.jsonl"
    assert len({type(act) for act in ACTS}) == 10
    assert write_acts(file, ACTS) == len(ACTS)
    assert list(read_acts(file)) == ACTS


def test_the_file_can_be_read_by_people(tmp_path: Path) -> None:
    """One object a line, the time spelled as RFC 3339."""
    file = tmp_path / "acts.jsonl"
    write_acts(file, ACTS[1:2])
    assert (
        file.read_text() == '{"do":"confirm","at":"2025-01-02T07:00:00+00:00","email":"anna@example.com"}\n'
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"do": "confirm"', "no JSON object"),
        ("[1]", "no JSON object"),
        ('{"at": "2025-01-02T07:00:00Z", "email": "a@example.com"}', "`do` must be one of"),
        ('{"do": "dance", "at": "2025-01-02T07:00:00Z", "email": "a@example.com"}', "it is `dance`"),
        ('{"do": "confirm", "at": "2025-01-02T07:00:00Z"}', "`email` is missing"),
        ('{"do": "confirm", "at": "2025-01-02T07:00:00", "email": "a@example.com"}', "lacks its offset"),
        ('{"do": "confirm", "at": "yesterday", "email": "a@example.com"}', "line 2"),
        (
            '{"do": "confirm", "at": "2025-01-02T07:00:00Z", "email": "a@example.com", "id": "1"}',
            "has no `id`",
        ),
        ('{"do": "confirm", "at": "2025-01-02T07:00:00Z", "email": 7}', "line 2"),
        ('{"do": "set", "at": "2025-01-02T07:00:00Z", "email": "a@example.com"}', "`attributes` is missing"),
        (
            '{"do": "choose", "at": "2025-01-02T07:00:00Z", "email": "a@example.com", "pause": 14}',
            "Invalid enum value 14",
        ),
        (
            '{"do": "bounce", "at": "2025-01-02T07:00:00Z", "email": "a@example.com", "kind": "odd"}',
            "Invalid enum value 'odd'",
        ),
        (
            '{"do": "event", "at": "2025-01-02T07:00:00Z", "email": "a@example.com", "id": "1", '
            '"event": "order_placed", "happened": "2024-01-02T07:00:00"}',
            "`happened` lacks its offset",
        ),
        ('{"do": "confirm", "at": "2024-01-02T07:00:00Z", "email": "a@example.com"}', "order of time"),
        ('{"do": "confirm", "at": "1969-12-31T23:00:00Z", "email": "a@example.com"}', "lies before 1970"),
        ('{"data": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
    ],
)
def test_a_broken_line_is_named_with_its_number(tmp_path: Path, line: str, words: str) -> None:
    """The acts before it can be used; the message says which line, and what is wrong."""
    file = tmp_path / "acts.jsonl"
    write_acts(file, ACTS[:1])
    with file.open("a") as more:
        more.write(line + "\n")
    acts = read_acts(file)
    assert next(acts) == ACTS[0]
    with pytest.raises(BrokenActs, match="line 2") as fault:
        next(acts)
    assert words in str(fault.value)


def test_a_first_act_before_1970_is_told_to_be_that(tmp_path: Path) -> None:
    """It stands in order all the same."""
    file = tmp_path / "acts.jsonl"
    file.write_text('{"do": "confirm", "at": "1970-01-01T00:00:00+02:00", "email": "a@example.com"}\n')
    with pytest.raises(BrokenActs, match="line 1: `at` lies before 1970"):
        list(read_acts(file))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """In words, with its name."""
    with pytest.raises(BrokenActs, match=r"nothing\.jsonl cannot be read"):
        list(read_acts(tmp_path / "nothing.jsonl"))
