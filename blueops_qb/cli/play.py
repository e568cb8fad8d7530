"""`blueops-qb demo` and `sandbox`: practising without real books."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from blueops_qb.cli.opening import common, url_of, wire_log_option


@click.command()
@click.option("--once", is_flag=True, help="Play the day, compare both sides, end. Exit 1 when they differ.")
@click.option("--books", type=click.Choice(["qbo", "qbd"]), default="qbo", show_default=True)
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False), help="With --once: write the result to FILE."
)
@click.option(
    "--port", default=0, type=click.IntRange(0, 65535), help="The loopback port; 0 takes a free one."
)
@click.option(
    "--serve-only",
    is_flag=True,
    help="With --books qbd: serve a day's work to any Web Connector; the first line is READY with how to get in.",
)
@wire_log_option
@common
def demo(
    db_url: str | None,
    tenant_id: str | None,
    once: bool,
    books: str,
    json_file: str | None,
    port: int,
    serve_only: bool,
) -> None:
    """Play a day of a plumbing company on the reference core and a twin of its books."""
    if serve_only:
        if books != "qbd" or once or json_file:
            raise click.UsageError(
                "--serve-only goes with --books qbd, and neither with --once nor with --json"
            )
        from blueops_qb.sandbox.demo.serving import serve

        raise SystemExit(serve(port=port, db=db_url))
    from blueops_qb.sandbox.demo import run

    raise SystemExit(run(once=once, json_file=json_file, port=port, db=db_url, books=books))


def _checked_limits(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    from blueops_qb.sandbox.qbo.throttle import Limits

    try:
        Limits.parse(value or "")
    except ValueError as error:
        raise click.BadParameter(str(error), ctx=ctx, param=param) from error
    return value


@click.group()
def sandbox() -> None:
    """Stand-ins to practise against."""


@sandbox.command()
@click.option(
    "--port", default=0, type=click.IntRange(0, 65535), help="The loopback port; 0 takes a free one."
)
@click.option("--realm", default="9130000000000000", show_default=True, help="The company's id.")
@click.option("--token", help="An access token that never expires and needs no sign-in.")
@click.option(
    "--limits",
    is_flag=False,
    flag_value="",
    default=None,
    callback=_checked_limits,
    metavar="[MIN,SEC,BATCH]",
    help="Throttle like Intuit; bare = 500,10,40. Without it there is no throttle.",
)
@click.option(
    "--latency-ms",
    default=0,
    type=click.IntRange(0, 120_000),
    show_default=True,
    help="Every call takes at least this long.",
)
@click.option("--company", type=click.Path(dir_okay=False), help="Keep the company in FILE.")
@click.option("--rotate", type=click.Choice(["daily", "always"]), default="daily", show_default=True)
@click.option("--seed", type=click.Choice(["sample", "names", "empty"]), default="sample", show_default=True)
@click.option("--webhook", metavar="URL", help="Tell every change to this address on this machine, signed.")
@click.option(
    "--webhook-token", metavar="T", help="The verifier token it is signed with; default: a new one."
)
@click.option(
    "--webhook-format", type=click.Choice(["old", "cloudevents"]), default="cloudevents", show_default=True
)
@common
def qbo(
    db_url: str | None,
    tenant_id: str | None,
    port: int,
    realm: str,
    token: str | None,
    limits: str | None,
    latency_ms: int,
    company: str | None,
    rotate: str,
    seed: str,
    webhook: str | None,
    webhook_token: str | None,
    webhook_format: str,
) -> None:
    """Serve a QuickBooks Online twin. The first line of stdout is READY with how to reach it."""
    from blueops_qb.sandbox.qbo.command import run

    run(
        port=port,
        realm=realm,
        token=token,
        limits=limits,
        latency_ms=latency_ms,
        company_file=company,
        rotate=rotate,
        seed=seed,
        webhook=webhook,
        webhook_token=webhook_token,
        webhook_format=webhook_format,
    )


@sandbox.command()
@click.option(
    "--port", default=0, type=click.IntRange(0, 65535), help="The loopback port; 0 takes a free one."
)
@common
def core(db_url: str | None, tenant_id: str | None, port: int) -> None:
    """Serve the reference core with the plugin in it."""
    from blueops_qb.sandbox.core.command import run

    run(db=url_of(db_url), port=port)


def _counted(flag: str, help: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(flag, metavar="K", default=0, type=click.IntRange(0), help=help)


@sandbox.command()
@click.option("--service-url", default="", metavar="URL", help="The SOAP service to poll.")
@click.option("--username", default="", metavar="U", help="The user name of the connection.")
@click.option("--password", default="", metavar="P", help="Its password.")
@click.option("--qwc", default="", metavar="FILE", help="Add the application of this .qwc file.")
@click.option("--company", default="", type=click.Path(dir_okay=False), help="Keep the company in FILE.")
@click.option("--seed", type=click.Choice(["lists", "names"]), default="lists", show_default=True)
@click.option("--cycles", default=1, type=click.IntRange(1), show_default=True, help="Sessions to run.")
@click.option("--every", type=click.FloatRange(0), metavar="SECONDS", help="Poll until Ctrl-C or SIGTERM.")
@click.option("--wsdl", type=click.Choice(["empty", "versioned"]), default="empty", show_default=True)
@click.option(
    "--pause", default=5.0, type=click.FloatRange(0), show_default=True, help="Seconds to wait on a NoOp."
)
@click.option("--forget-sets", is_flag=True, help="Forget all message sets between two sessions.")
@_counted("--drop-request", "Go away after message set K came, before it is run.")
@_counted("--drop-answer", "Go away after message set K was run, before its answer is delivered.")
@_counted("--garbage", "Deliver the answer to message set K cut off.")
@_counted("--double-answer", "Deliver the answer to message set K twice.")
@click.option("--drop-close", is_flag=True, help="Go away before closeConnection.")
@common
def qbd(
    db_url: str | None,
    tenant_id: str | None,
    drop_request: int,
    drop_answer: int,
    garbage: int,
    double_answer: int,
    drop_close: bool,
    **told: Any,
) -> None:
    """Poll a SOAP service as the QuickBooks Web Connector does, with a QuickBooks Desktop company file."""
    from blueops_qb.sandbox.qbd.command import Settings, run
    from blueops_qb.sandbox.qbd.connector import Mishaps

    mishaps = Mishaps(
        drop_request=drop_request,
        drop_answer=drop_answer,
        garbage=garbage,
        double_answer=double_answer,
        drop_close=drop_close,
    )
    raise SystemExit(run(Settings(mishaps=mishaps, **told)))
