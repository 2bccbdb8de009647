"""All 451 statements of the official texts are covered, and every wording that is called verbatim stands there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from config.schemes.coverage import Coverage, coverage_of
from config.schemes.files import builtin_library
from tests.support.shared import shared_seeds


@pytest.fixture(scope="module")
def coverage() -> Coverage:
    return coverage_of(builtin_library())


def test_there_are_451_statements_numbered_without_gap(coverage: Coverage) -> None:
    assert [e.no for e in coverage.entries] == list(range(1, 452))


@pytest.mark.parametrize(
    ("text", "statements", "with_number", "lines"),
    [
        ("000", 170, 80, 136),
        ("001", 144, 75, 115),
        ("002", 25, 11, 20),
        ("003", 47, 14, 39),
        ("004", 65, 24, 57),
    ],
)
def test_statements_of_each_text(
    coverage: Coverage, text: str, statements: int, with_number: int, lines: int
) -> None:
    """Counts of the list of statements, counted by reading the five texts line by line."""
    found = [e for e in coverage.entries if e.at.startswith(f"{text}:")]
    assert len(found) == statements
    assert sum(e.with_number for e in found) == with_number
    assert len({e.at for e in found}) == lines


def test_204_statements_have_a_number_and_247_do_not(coverage: Coverage) -> None:
    assert Counter(e.with_number for e in coverage.entries) == {True: 204, False: 247}


def test_every_statement_is_covered_by_an_id_or_says_why_not(coverage: Coverage) -> None:
    for entry in coverage.entries:
        assert bool(entry.covers) != (entry.not_evaluated is not None), entry.no
        assert [name for name in entry.covers if name not in coverage.kinds] == [], entry.no


def test_every_quote_stands_at_its_line(coverage: Coverage) -> None:
    seeds = shared_seeds()
    assert [e.no for e in coverage.entries if not seeds.stands(e.quote, e.at)] == []


def seeds_of() -> dict[str, str]:
    """Return every id with the places of its wording."""
    library = builtin_library()
    found = {}
    for document in library.documents.values():
        found[document.id] = ", ".join(filter(None, (document.seed, document.term.seed)))
    for rules in library.rules.values():
        for rule in rules:
            found[rule.id] = rule.seed
            found |= {f"{rule.id}.{p.id}": p.seed for p in rule.parts}
    for scheme in library.schemes.values():
        found |= {g.id: g.seed for g in scheme.root.groups()}
        for row in scheme.rows:
            found[row.id] = row.seed
            if row.checklist is not None:
                found |= {f"{row.id}.{i.id}": row.seed for i in row.checklist.items}
        found[f"{scheme.id}.links"] = "001:163"  # "15 links, 52 scenes"
        for link in scheme.links:
            found |= {f"{scheme.id}.scene-{s.number}": s.seed for s in link.scenes}
    for form in library.forms.values():
        for cell in form.fields():
            found[cell.id] = ", ".join(
                [cell.seed, cell.prompt_seed, *(c.seed for c in cell.choices)]
            )
    return found


def lines_of(places: str) -> Iterator[tuple[str, int]]:
    for place in places.split(", "):
        name, _, span = place.partition(":")
        first, _, last = span.partition("-")
        for line in range(int(first), int(last or first) + 1):
            yield name, line


ELSEWHERE = {
    # The date of issue or of printing is a property of the document, whose number stands on another line.
    2, 170, 180, 305, 316,
    # A statement about the years of a table head, or about all cells under a heading.
    222, 250, 267,
    # One statement stands for a block of cells, or for the elements of a mode (first line given).
    61, 65, 71, 72, 73, 372, 376, 380, 381, 382, 383, 384,
}  # fmt: skip


def test_a_statement_is_covered_by_something_that_stands_on_its_line(coverage: Coverage) -> None:
    places = seeds_of()
    elsewhere = set()
    for entry in coverage.entries:
        name, _, line = entry.at.partition(":")
        covered = {at for c in entry.covers for at in lines_of(places[c])}
        if (name, int(line)) not in covered:
            elsewhere.add(entry.no)
    assert elsewhere == ELSEWHERE


def wordings() -> Iterator[tuple[str, str, str]]:
    """Yield id, wording and places of everything that is called verbatim."""
    library = builtin_library()
    for document in library.documents.values():
        if document.number:
            yield document.id, document.number, document.seed.split(", ")[0]
        if document.term.zh:
            yield f"{document.id} term", document.term.zh, document.term.seed
    for rules in library.rules.values():
        for rule in rules:
            if rule.verbatim:
                yield rule.id, rule.zh, rule.seed
            yield from ((f"{rule.id}.{p.id}", p.zh, p.seed) for p in rule.parts if p.verbatim)
    for scheme in library.schemes.values():
        yield from ((g.id, g.zh, g.seed) for g in scheme.root.groups() if g.verbatim)
        yield from ((r.id, r.zh, r.seed) for r in scheme.rows if r.verbatim)
        for link in scheme.links:
            yield f"link {link.number}", link.name.zh, link.seed
            for scene in link.scenes:
                yield f"scene {scene.number}", f"{scene.number}.{scene.name.zh}。", scene.seed
    for form in library.forms.values():
        yield form.id, form.title, form.seed
        for section in form.sections:
            yield section.id, section.heading, section.seed
            for cell in section.fields:
                if cell.verbatim:
                    yield cell.id, cell.label, cell.seed
                if cell.prompt:
                    yield f"{cell.id} prompt", cell.prompt, cell.prompt_seed
                yield from ((f"{cell.id} {c.id}", c.name.zh, c.seed) for c in cell.choices)
                yield from (
                    (f"{cell.id} unit", u, cell.seed) for u in printed_unit(cell.unit, cell.label)
                )
    for entry in library.ambiguities.values():
        yield entry.id, entry.phrase, ", ".join(entry.seeds)


def printed_unit(unit: str, label: str) -> list[str]:
    """Return the unit if it does not already stand in the label, which is checked itself."""
    return [unit] if unit and unit not in label else []


def test_every_verbatim_wording_stands_at_its_place() -> None:
    seeds = shared_seeds()
    found = list(wordings())
    assert len(found) > 1000
    assert [(name, at) for name, text, at in found if not seeds.stands(text, at)] == []


def test_what_is_not_verbatim_is_never_printed_in_quotation_marks() -> None:
    library = builtin_library()
    ours = [r for rules in library.rules.values() for r in rules if not r.verbatim]
    assert {r.id for r in ours} >= {"CQ18-R2", "CQ18-R4", "CQ18-R7"}
    assert [r.id for r in ours if "「" in r.wording] == []
    kept = [r for rules in library.rules.values() for r in rules if r.verbatim]
    assert all(r.wording == f"「{r.zh}」" for r in kept)


def test_basis_of_a_document_is_named_as_it_names_it() -> None:
    seeds = shared_seeds()
    document = builtin_library().documents["CQ-RETRO-DOC"]
    assert [b for b in document.basis if b.replace(" ", "") not in seeds.at("002:30")] == []


def test_printed_years_of_a_form_stand_in_its_text() -> None:
    seeds = shared_seeds()
    for form in builtin_library().forms.values():
        text = form.seed.partition(":")[0]
        for cell in form.fields():
            assert [y for y in cell.years if y not in seeds.whole(text)] == [], cell.id
