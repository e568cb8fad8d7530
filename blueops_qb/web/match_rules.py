"""Match rules page: what the next match plan asks for; every change compares again what is not decided."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from blueops_qb.engine import match_rule_list
from blueops_qb.sdk.core import Permission
from blueops_qb.web import here
from blueops_qb.web.match_plan import compare_again

pages = Blueprint("match_rules", __name__)


@pages.get("/matching/rules")
@here.needs(Permission.VIEW)
def listing() -> str:
    """The rules in force, and those that can be added."""
    with here.looking() as turn:
        stands = match_rule_list.in_force(turn)
    excluded = {rule.excludes for rule in stands}
    free = [r for r in match_rule_list.RULES.values() if r not in stands and r.name not in excluded]
    return render_template("match_rules.html", title="Match rules", rules=stands, free=free)


@pages.post("/matching/rules")
@here.needs(Permission.RESOLVE)
def change() -> Response:
    """Add the rule that was chosen, or remove one; then compare again."""
    removed = request.form.get("remove", "")
    change_one = match_rule_list.remove if removed else match_rule_list.add
    try:
        with here.acting() as turn:
            rule = change_one(turn, removed or request.form.get("rule", ""), actor=here.caller().user)
    except match_rule_list.CannotRule as problem:
        here.refuse(f"Nothing was changed. {problem}")
        return redirect(url_for(".listing"), code=303)
    here.done(f"{'No longer a rule' if removed else 'A rule from now on'}: {rule.sentence}.")
    compare_again()
    return redirect(url_for(".listing"), code=303)
