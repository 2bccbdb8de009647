"""Every id that the scheme files define, and what it names: the list of statements refers to them."""

from __future__ import annotations

from collections.abc import Iterator

from config.schemes.library import SchemeLibrary
from kpi.schemes.scheme import Group


def ids_of(library: SchemeLibrary) -> dict[str, str]:
    """Return id → kind: document, scheme, group, row, entry, rule, part, form, field, links, link, scene, ambiguity."""
    found: dict[str, str] = dict.fromkeys(library.documents, "document")
    found |= dict.fromkeys(library.ambiguities, "ambiguity")
    for rules in library.rules.values():
        for rule in rules:
            found[rule.id] = "rule"
            found |= {f"{rule.id}.{part.id}": "part" for part in rule.parts}
    for group in library.shared.values():
        found |= dict(_below(group))
    for scheme in library.schemes.values():
        found |= dict(_below(scheme.root))
        found[scheme.id] = "scheme"
        if scheme.links:
            found[f"{scheme.id}.links"] = "links"
        for link in scheme.links:
            found[f"{scheme.id}.link-{link.number}"] = "link"
            found |= {f"{scheme.id}.scene-{s.number}": "scene" for s in link.scenes}
    for form in library.forms.values():
        found[form.id] = "form"
        found |= {cell.id: "field" for cell in form.fields()}
    return found


def _below(group: Group) -> Iterator[tuple[str, str]]:
    for inner in group.groups():
        yield inner.id, "group"
    for row in group.rows():
        yield row.id, "row"
        if row.checklist is not None:
            yield from ((f"{row.id}.{item.id}", "entry") for item in row.checklist.items)
