"""Mapper: the mapping as a table, family by family, with suggestions that somebody accepts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from blueops_qb.domain.mapping import Family, MapRule, Target
from blueops_qb.domain.mapping_change import When
from blueops_qb.domain.mapping_findings import Finding
from blueops_qb.domain.mapping_lint import by_line
from blueops_qb.domain.refs import BooksRef
from blueops_qb.engine import asked, mapping_preview, rulebook, rules_desk, suggest
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.core import Permission
from blueops_qb.web import here, mapping_rows, words
from blueops_qb.web.mapping_rows import Row

pages = Blueprint("mapper", __name__)
TO_DO, SUGGESTED = "todo", "suggested"
#: The longest key and scope that the table keeps.
LONGEST = 100
RuleKey = tuple[Family, str, str]
Typed = dict[RuleKey, Target]


@pages.get("/mapping")
@here.needs(Permission.VIEW)
def mapping() -> str:
    """One tab of the mapping."""
    with here.looking() as turn:
        return _page(turn, request.args.get("tab", ""))


@pages.post("/mapping")
@here.needs(Permission.CONFIGURE)
def save() -> Response | tuple[str, int]:
    """Save the rows that were changed, and the suggestions that were accepted."""
    tab = request.form.get("tab", "")
    typed: Typed = {}
    try:
        with here.acting() as turn:
            shown = _shown(turn)
            typed = _typed(shown)
            accepted = _accepted(turn)
            rules, removed = _changes(turn, shown, typed | accepted)
            when, day, approved = _when(), _day(), request.form.get("approved", "")
            entries, previewed = 0, None
            if _only_looks(when, approved) and (rules or removed):
                previewed = mapping_preview.look(turn, rules, removed, when=when, day=day)
            elif rules or removed:
                actor = here.caller().user
                entries = mapping_preview.save(
                    turn, rules, removed, when=when, day=day, approved=approved, actor=actor
                )
        if previewed is not None:
            with here.looking() as turn:
                return _page(turn, tab, typed=typed | accepted, previewed=previewed), 200
    except (rules_desk.UnfitTarget, rules_desk.Overtaken) as problem:
        here.refuse(f"Nothing was saved: {problem}.")
        with here.looking() as turn:
            return _page(turn, tab, typed=typed), 422
    count = len(rules) + len(removed)
    if count:
        keys = "One key is" if count == 1 else f"{count} keys are"
        moved = f" {entries} journal entries move what was posted." if entries else ""
        here.done(f"{keys} saved. Records that waited for them are sent by themselves.{moved}")
    else:
        here.done("Nothing was different, so nothing was saved.")
    return redirect(url_for(".mapping", tab=tab), code=303)


def _when() -> When:
    word = request.form.get("when", When.NOW.value)
    if word not in set(When):
        abort(400, "The form does not say for which documents the change counts. Open the page again.")
    return When(word)


def _day() -> dt.date | None:
    """The first day of documents, where that was chosen."""
    if _when() is not When.FROM:
        return None
    try:
        return dt.date.fromisoformat(request.form.get("day", ""))
    except ValueError:
        raise rules_desk.UnfitTarget(
            "enter the first day of the documents that the change counts for"
        ) from None


def _only_looks(when: When, approved: str) -> bool:
    """Nothing is moved that was not shown before."""
    return request.form.get("press") == "preview" or (when is When.PAST and not approved)


def _told(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """What is not mapped or leads to nothing is shown on its line in other words already."""
    shown = {"unmapped", "target_inactive", "target_missing"}
    return tuple(finding for finding in findings if finding.check not in shown)


# -- showing -------------------------------------------------------------------------------------------
def _page(
    turn: Turn,
    tab: str,
    typed: Typed | None = None,
    previewed: mapping_preview.MappingPreview | None = None,
) -> str:
    everything = mapping_rows.rows(turn)
    added = _added()
    tabs = _tabs(everything)
    chosen = tab if tab in tabs else TO_DO if tabs[TO_DO][1] else SUGGESTED if tabs[SUGGESTED][1] else "role"
    rows = _of_tab(everything, chosen)
    if added is not None and not any(_key(row) == _key(added) for row in rows):
        rows = [added, *rows]
    if typed:
        rows = [attrs.evolve(row, target=typed.get(_key(row), row.target)) for row in rows]
    parts = [part for part in suggest.PART_KINDS if any(part in suggest.PARTS[row.family] for row in rows)]
    mapped = sum(1 for row in everything if row.mapped)
    return render_template(
        "mapping.html",
        title="Mapping",
        tab=chosen,
        tabs=tabs,
        rows=rows,
        parts=parts,
        parts_of=suggest.PARTS,
        choices={part: mapping_rows.choices(turn, part) for part in parts},
        label_of=lambda ref: suggest.label_of(turn.catalog, ref),
        suggestions={_key(row): mapping_rows.in_words(turn, row.suggestion) for row in rows},
        version=turn.row["mapping_version"],
        mapped=mapped,
        families=list(Family),
        read=turn.row["catalog_at"] is not None,
        editable=here.may(Permission.CONFIGURE),
        one_family=chosen not in (TO_DO, SUGGESTED),
        findings=by_line(_told(asked.lint_of(turn, records=0))),
        previewed=previewed,
        when=request.form.get("when", When.NOW.value),
        day=request.form.get("day", ""),
        WHENS=words.WHENS,
    )


def _tabs(rows: list[Row]) -> dict[str, tuple[str, int, int]]:
    """Tab -> label, how many rows are to be looked at, how many there are."""
    tabs = {
        TO_DO: ("To do", sum(row.to_do for row in rows), 0),
        SUGGESTED: ("Suggestions", sum(row.suggestion is not None for row in rows), 0),
    }
    for family in suggest.PARTS:
        mine = [row for row in rows if row.family is family]
        tabs[family.value] = (words.FAMILIES[family][0], sum(row.to_do for row in mine), len(mine))
    return tabs


def _of_tab(rows: list[Row], tab: str) -> list[Row]:
    if tab == TO_DO:
        return [row for row in rows if row.to_do]
    if tab == SUGGESTED:
        return [row for row in rows if row.suggestion is not None]
    return [row for row in rows if row.family.value == tab]


def _added() -> Row | None:
    """The empty row that somebody asked for."""
    family, key = request.args.get("add_family", ""), request.args.get("add_key", "").strip()[:LONGEST]
    if family not in set(Family) or not key:
        return None
    scope = request.args.get("add_scope", "").strip()[:LONGEST]
    return Row(family=Family(family), key=key, scope=scope, title=suggest.words_of(key))


def _key(row: Row) -> RuleKey:
    return row.family, row.key, row.scope


# -- reading the form ----------------------------------------------------------------------------------
def _shown(turn: Turn) -> dict[RuleKey, Target]:
    """The rules as they were when the page was made; versions never change once written."""
    try:
        version = int(request.form.get("version", ""))
    except ValueError:
        abort(400, "The form does not say which version of the mapping it shows. Open the page again.")
    if not 0 <= version <= int(turn.row["mapping_version"]):
        abort(400, "The form shows a version of the mapping that does not exist. Open the page again.")
    shown = rulebook.load_mapping(turn.connection, turn.id, version)
    return {about: rule.target for about, rule in shown.current().items()}


def _typed(shown: dict[RuleKey, Target]) -> Typed:
    form, found = request.form, {}
    for n in form.getlist("row"):
        family, key = form.get(f"family-{n}", ""), form.get(f"key-{n}", "").strip()
        if family not in set(Family) or not key or len(key) > LONGEST:
            abort(400, "The form has a row without family or key. Open the page again.")
        rule = (Family(family), key, form.get(f"scope-{n}", "").strip()[:LONGEST])
        values: dict[str, Any] = {}
        for part in suggest.PARTS[rule[0]]:
            if f"{part}-{n}" in form:
                id = form[f"{part}-{n}"]
                values[part] = BooksRef(suggest.PART_KINDS[part], id) if id else None
        found[rule] = attrs.evolve(shown.get(rule, Target()), **values)
    return found


def _accepted(turn: Turn) -> Typed:
    """Suggestions whose button was pressed: one row's, or all that the page showed."""
    form = request.form
    press = form.get("press", "")
    if press == "accept-all":
        wanted = form.getlist("row")
    elif press.startswith("accept-"):
        wanted = [press.removeprefix("accept-")]
    else:
        return {}
    keys = [(form.get(f"family-{n}", ""), form.get(f"key-{n}", "").strip()) for n in wanted]
    unscoped = [
        (Family(family), key)
        for n, (family, key) in zip(wanted, keys, strict=True)
        if family in set(Family) and not form.get(f"scope-{n}")
    ]
    present = {(rule.family, rule.key) for rule in turn.mapping.rules if not rule.scope}
    fresh = [key for key in unscoped if key not in present]
    return {(f, k, ""): target for (f, k), target in suggest.suggest(turn.catalog, fresh).items()}


def _changes(turn: Turn, shown: dict[RuleKey, Target], wanted: Typed) -> tuple[list[MapRule], list[RuleKey]]:
    """What to add or replace, and what to take out; raises Overtaken."""
    now = {about: rule.target for about, rule in turn.mapping.current().items()}
    rules, removed = [], []
    for rule, target in wanted.items():
        before = shown.get(rule)
        if target == (before or Target()):
            continue
        if now.get(rule) != before:
            raise rules_desk.Overtaken(
                f"{words.FAMILIES[rule[0]][0]}, “{rule[1]}” was changed by somebody else meanwhile; "
                "look at it again"
            )
        if target == Target():
            removed.append(rule)
        else:
            rules.append(MapRule(family=rule[0], key=rule[1], scope=rule[2], target=target))
    return rules, removed
