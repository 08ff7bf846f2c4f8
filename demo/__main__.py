"""`make run`. Everything it starts ends with it, however it ends."""

import os
import shlex
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from demo import steps
from demo.console import DemoError, Row, Screen
from demo.options import PORT, SANDBOX_PORT, STEPS, Options
from demo.processes import BIN, PROJECT, Background, refuse_taken_ports
from embedded import SERVICE, LauncherError, Server, data_folder, start

LOOK_SECONDS = 0.5  # how often the servers are looked at while we stay
SHOWN = (  # of the samples; one that comes out otherwise than expected is always shown
    *("business-license", "driving-license", "degree", "construction-permit", "renewed"),
    *("suspended", "revoked", "old-version", "forged-altered-payload", "forged-foreign-key"),
    *("forged-never-issued", "forged-unknown-issuer", "sealed-tax", "sealed-expired"),
    *("sealed-forged-page-changed", "sealed-forged-image-open", "sealed-forged-seal-painted"),
    *("sealed-forged-chain-of-ones-own", "facts-match", "facts-other-holder"),
    *("contract", "invoice", "forged-price-changed-after-sealing", "forged-frozen-seal"),
    *("facts-number-alone", steps.OUTAGE),
)
SEALED = "sealed-tax.ofd"
AS_THE_SERVICE = ("DATABASE_URL", "ZHENGYAN_KEY_FOLDER", "ZHENGYAN_NODE_ID")
"""What a command needs to ask as the service does: the issuers know that node by its key."""
UNASKED = "`make run` takes no arguments: what may be set is in README.md, under 设置 (Settings)"
INTERRUPTED = 130  # what a shell says of a Ctrl-C


def main() -> int:
    """0 when all went well, 1 when a step failed or a verdict was not the expected one."""
    if len(sys.argv) > 1:
        print(__doc__ if {"-h", "--help"} & set(sys.argv) else UNASKED)
        return 0 if {"-h", "--help"} & set(sys.argv) else 2
    screen = Screen()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # end in order, as on Ctrl-C
    try:
        options = Options.read()
        with ExitStack() as stack:
            return _run(screen, options, stack)
    except (DemoError, LauncherError) as exc:
        screen.complain(str(exc))
        return 1
    except KeyboardInterrupt:
        screen.say("", "stopped before everything was up")
        return INTERRUPTED


def _run(screen: Screen, options: Options, stack: ExitStack) -> int:
    last = STEPS.index(options.until)
    folder = data_folder(PROJECT)
    demo = folder / "demo"
    demo.mkdir(mode=0o700, exist_ok=True)
    ports = {options.port: PORT}
    for offset in range(steps.SANDBOX_PORTS):
        ports[options.sandbox_port + offset] = SANDBOX_PORT
    refuse_taken_ports(ports)

    with screen.step("database", "starting PostgreSQL") as notes:
        own = None if options.database_url else _server(folder, stack, notes)
        url = own.url if own else _named(options, notes)
    env = _environment(options, folder, url)
    if last >= STEPS.index("tables"):
        with screen.step("tables", "migrated to the newest revision"):
            steps.migrate(env)
            if own is not None:
                steps.make_account(own.url, SERVICE)
                env = _environment(options, folder, own.service_url)
    servers: list[Background] = []
    if last >= STEPS.index("sandbox"):
        with screen.step("sandbox", "starting fictional issuers") as notes:
            servers.append(steps.start_sandbox(options, demo, env))
            stack.callback(servers[-1].stop)
            first, end = options.sandbox_port, options.sandbox_port + steps.SANDBOX_PORTS - 1
            notes.append(f"fictional issuers on ports {first}-{end}")
    if last >= STEPS.index("issuers"):
        with screen.step("issuers", "registering them") as notes:
            notes.append(steps.register(demo, env))
    if last >= STEPS.index("service"):
        with screen.step("service", "starting") as notes:
            servers.append(steps.start_service(options, demo, env))
            stack.callback(servers[-1].stop)
            steps.introduce(options, demo)
            servers.append(steps.start_worker(demo, env))
            stack.callback(servers[-1].stop)
            notes.append(options.page)
    code = 0
    if last >= STEPS.index("samples"):
        code = _samples(screen, options, demo)
        _addresses(screen, options, demo, env)
    if options.stay:
        _stay(screen, servers)
    return code


def _named(options: Options, notes: list[str]) -> str:
    notes.append("the server named by DATABASE_URL")
    return options.database_url or ""


def _server(folder: Path, stack: ExitStack, notes: list[str]) -> Server:
    """A server of our own beside the project: the tables are the migrator's, and the service and
    the commands use an account that can neither change them nor unsay what was logged.
    """
    server = stack.enter_context(start(folder / "postgres"))
    notes.append(f"PostgreSQL {server.binaries.version} in {server.base}")
    if server.account.uid != os.geteuid():
        notes.append(f"run as {server.account.name}, since it refuses root")
    return server


def _environment(options: Options, folder: Path, url: str) -> Mapping[str, str]:
    """For every command: the settings of app.config, and output that is not held back."""
    return {
        **os.environ,
        "DATABASE_URL": url,
        "ZHENGYAN_PORT": str(options.port),
        "ZHENGYAN_NODE_ID": steps.NODE,
        # All samples come from one address, without an account: more than the public may ask.
        **dict.fromkeys(steps.QUOTAS, "100000"),
        "ZHENGYAN_KEY_FOLDER": str(folder / "keys"),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",  # what they write goes to files and to us, not to the terminal
    }


def _samples(screen: Screen, options: Options, demo: Path) -> int:
    """Verify all samples; 1 where a verdict is not the expected one."""
    with screen.step("samples", "verifying") as notes:
        found = steps.verify(options, steps.samples(demo))
        found.append(steps.outage(options, demo))
        wrong = sum(not finding.expected for finding in found)
        notes.append(f"{len(found)} verified, {len(found) - wrong} with the expected verdict")
    shown = [f for f in found if f.sample.name in SHOWN or not f.expected]
    zh = f"其中 {len(shown)} 份的结论（理由）："
    en = f"Verdicts (and reasons) of {len(shown)} of them:"
    screen.verdicts(zh if screen.language == "zh" else en, [_row(finding) for finding in shown])
    return 1 if wrong else 0


def _row(finding: steps.Finding) -> Row:
    sample = finding.sample
    reason = f" ({sample.reason})" if sample.reason else ""
    complaint = "" if finding.expected else f"; expected {sample.conclusion}{reason}"
    return Row(finding.conclusion, finding.reason or "", sample.zh, sample.en, complaint)


def _addresses(screen: Screen, options: Options, demo: Path, env: Mapping[str, str]) -> None:
    samples = demo / "sandbox" / "samples"
    zh = screen.language == "zh"
    screen.say(
        "",
        f"  {'页面 page      ' if zh else 'page      '}{options.page}/",
        f"  {'接口 API docs  ' if zh else 'API docs  '}{options.page}/docs",
        f"  {'样例 samples   ' if zh else 'samples   '}{samples}",
        f"  {'日志 logs      ' if zh else 'logs      '}{demo}/*.log",
        "",
        "  在另一个终端粘贴 paste into another terminal:"
        if zh
        else "  paste into another terminal:",
        "",
        steps.curl(options, samples / "business-license.jws"),
        "",
        "  命令行 command line (zhengyan --help):" if zh else "  command line (zhengyan --help):",
        "",
        f"export {' '.join(f'{name}={shlex.quote(env[name])}' for name in AS_THE_SERVICE)}",
        f"{shlex.quote(str(BIN / 'zhengyan'))} verify {shlex.quote(str(samples / SEALED))}",
        "",
    )


def _stay(screen: Screen, servers: list[Background]) -> None:
    """Until Ctrl-C, or until one of the servers ends by itself."""
    try:
        screen.say("Ctrl-C stops everything that was started here.")
        while True:
            for server in servers:
                server.check()
            time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        screen.say("", "stopping; what was verified stays in the database")


if __name__ == "__main__":
    sys.exit(main())
