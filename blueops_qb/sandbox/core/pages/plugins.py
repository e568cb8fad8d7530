"""Pages: Settings > Plugins, with the switch per company, the reasons, and the way out."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from blueops_qb.sandbox.core import settings
from blueops_qb.sandbox.core.calls import Plugin
from blueops_qb.sandbox.core.manifest import Unfit
from blueops_qb.sandbox.core.pages import here
from blueops_qb.sandbox.core.work import Refused
from blueops_qb.sdk.hooks import Switch

pages = Blueprint("plugins", __name__)


@pages.get("/settings/plugins")
def plugins() -> str:
    """Every plugin that was found, with its state and the company's switch."""
    host, tenant = here.core(), here.member().tenant_id
    switches = host.switches(tenant)
    shown = [
        (
            plugin,
            switches.get(plugin.id, Switch.OFF),
            settings.declared(host, plugin),
            settings.stored(host.engine, tenant, plugin.id),
        )
        for plugin in host.world.plugins
    ]
    health = host.health(tenant)
    return render_template("plugins.html", plugins=shown, switches=list(Switch), health=health)


@pages.post("/settings/plugins/<id>/switch")
@here.admins
def switch(id: str) -> Response:
    """Turn the company's switch."""
    wanted = request.form.get("switch", "")
    if wanted not in set(Switch):
        abort(400)
    try:
        plugin = _plugin(id)
        here.core().set_switch(
            here.member().tenant_id, plugin.id, Switch(wanted), actor=here.member().user_id
        )
        here.done(f"{plugin.name} is {wanted} for {here.member().tenant_name}.")
    except Refused as refused:
        here.refuse(refused.why)
    return redirect(url_for(".plugins"), code=303)


@pages.post("/settings/plugins/<id>/settings")
@here.admins
def store_settings(id: str) -> Response:
    """Keep what was entered for the plugin's settings."""
    values = {
        key.removeprefix("setting-"): value
        for key, value in request.form.items()
        if key.startswith("setting-")
    }
    try:
        settings.store(here.core(), here.member().tenant_id, _plugin(id), values)
        here.done("The settings are saved.")
    except Refused as refused:
        here.refuse(refused.why)
    return redirect(url_for(".plugins"), code=303)


@pages.route("/settings/plugins/<id>/uninstall", methods=["GET", "POST"])
@here.admins
def uninstall(id: str) -> str | Response | tuple[str, int]:
    """First what would be removed, then, with the plugin's id typed in, the removal."""
    plugin = _plugin(id)
    if not plugin.ready:
        abort(404)
    try:
        plan = here.core().removal_plan(id)
        if request.method == "GET":
            return render_template("uninstall.html", plugin=plugin, plan=plan)
        if request.form.get("confirm", "").strip() != id:
            here.refuse(f"Type {id} to confirm; nothing was removed.")
            return render_template("uninstall.html", plugin=plugin, plan=plan), 422
        here.core().uninstall(id)
        here.done(f"{plugin.name} is uninstalled; its tables are gone.")
    except Unfit as unfit:
        here.refuse(str(unfit))
    return redirect(url_for(".plugins"), code=303)


@pages.post("/settings/plugins/<id>/install")
@here.admins
def install(id: str) -> Response:
    """Take a removed plugin in again."""
    plugin = _plugin(id)
    here.core().install(id)
    if plugin.ready:
        here.done(f"{plugin.name} is installed; switch it on where it is wanted.")
    else:
        here.refuse(f"{plugin.name} cannot be used: {plugin.reason}")
    return redirect(url_for(".plugins"), code=303)


def _plugin(id: str) -> Plugin:
    try:
        return here.core().world.get(id)
    except KeyError:
        abort(404)
