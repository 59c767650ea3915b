"""The console script: one program whose subcommands are the roles."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

DEFAULT_URL = "http://localhost:8080"
ROLES = ("citizen", "unit_editor", "unit_lead", "office", "justice", "presider", "notary")

BINARY_SETTINGS = {
    "KAIMEN_HOST_POSTGRES_BIN": "folder with PostgreSQL 18's initdb and postgres",
    "KAIMEN_HOST_NATS_SERVER": "path of nats-server",
    "KAIMEN_HOST_VALKEY_SERVER": "path of valkey-server or redis-server",
    "KAIMEN_HOST_CADDY": "path of caddy",
}
"""What `kaimen up` and its servers can be told."""


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; the exit code."""
    asked = parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = asked.run
    return run(asked)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="kaimen", description="开门：区政府开放的软件 / a district government opens its doors"
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    up = command(commands, "up", run_up, "在一台机器上启动全部 / run everything on this machine until Ctrl-C")
    add_data(up)
    up.add_argument("--port", type=port_number, default=8080, help="端口 / port of the one address (default 8080)")
    up.add_argument("--only", type=names, default=(), metavar="A,B", help="只启动 / run only these services")
    up.add_argument("--without", type=names, default=(), metavar="A,B", help="不启动 / leave these services out")
    up.add_argument(
        "--external", action="store_true", help="使用已有服务器 / use servers named by KAIMEN_<SERVICE>_*_URL"
    )
    up.add_argument("--clock-file", type=Path, metavar="F", help="演示时钟 / file with seconds to add to the time")
    up.add_argument("--no-seed", action="store_true", help="不写入示例数据 / no sample data")

    serve = command(commands, "serve", run_serve, "运行一个服务 / run one service, settings from KAIMEN_<SERVICE>_*")
    serve.add_argument("name", metavar="SERVICE")
    serve.add_argument("--roles", type=names, default=("api", "work"), metavar="api,work", help="default: both")

    migrate = command(commands, "migrate", run_migrate, "更新数据库结构 / bring database schemas up to date")
    migrate.add_argument("names", nargs="*", metavar="SERVICE", help="default: all with a database")
    migrate.add_argument(
        "--phase",
        choices=("all", "pre", "post"),
        default="all",
        help="pre: before the new code runs; post: after",
    )

    seed = command(commands, "seed", run_seed, "写入示例数据（可重复）/ write sample data; repeating changes nothing")
    add_address(seed)

    settings = command(commands, "settings", run_settings, "列出设置 / print every setting, its default and meaning")
    settings.add_argument("name", nargs="?", metavar="SERVICE", help="a service or 'host'; default: all")

    rebuild = command(commands, "rebuild", run_rebuild, "由事件重建 / rebuild a service's projections from the stream")
    rebuild.add_argument("name", metavar="SERVICE")
    add_data(rebuild)

    letters = command(
        commands, "dead-letters", run_dead_letters, "未能处理的消息 / messages that a service could not handle"
    )
    letters.add_argument("name", metavar="SERVICE")
    add_data(letters)
    letters.add_argument("--replay", action="store_true", help="重新处理 / handle them again; what fails again stays")

    holidays = commands.add_parser("holidays", help="放假通知 / the State Council's holiday notices")
    load = command(
        holidays.add_subparsers(required=True, metavar="COMMAND"),
        "load",
        run_holidays_load,
        "载入一年的放假通知 / load a year's holiday notice; loading it again changes nothing",
    )
    load.add_argument("file", type=Path, metavar="FILE", help="JSON: year, papers, days (holiday-cn)")
    load.add_argument(
        "--amendment",
        action="store_true",
        help="通知有变更，天数可多可少 / the notice was amended: days need not add up",
    )
    load.add_argument("--source", default="", metavar="URL", help="数据出处 / where the file was taken from")
    add_data(load)

    workdays = command(
        commands, "workdays", run_workdays, "工作日期限 / the end of a period of working days; exit 3: not known yet"
    )
    workdays.add_argument("start", type=day, metavar="DATE", help="起算日，不计入 / its start, which is not counted")
    workdays.add_argument("days", type=int, metavar="DAYS", help="工作日数 / number of working days")
    add_data(workdays)

    verify = command(
        commands, "verify", run_verify, "核对一次抽签 / check the transcript of a draw; exit 0 valid, 1 not"
    )
    verify.add_argument("arguments", nargs=argparse.REMAINDER, metavar="TRANSCRIPT [--me 化名] [--openings FILE]")

    kept = command(commands, "secrets", run_secrets, "容器所需的口令和密钥 / write the secrets that containers read")
    kept.add_argument("folder", type=Path, metavar="FOLDER", help="what is there already stays")

    token = command(commands, "token", run_token, "开发用令牌 / print an access token of the development issuer")
    token.add_argument("--role", required=True, choices=ROLES)
    token.add_argument("--unit", metavar="简称", help="单位简称 / short name of the unit")
    token.add_argument("--name", metavar="N", help="姓名 / name of the person")
    add_address(token)
    return top


def command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
    words: str,
) -> argparse.ArgumentParser:
    added = commands.add_parser(name, help=words, description=words)
    added.set_defaults(run=run)
    return added


def add_data(to: argparse.ArgumentParser) -> None:
    to.add_argument("--data", type=Path, default=Path("var"), metavar="FOLDER", help="数据目录 / data (default ./var)")


def add_address(to: argparse.ArgumentParser) -> None:
    add_data(to)
    to.add_argument("--url", help=f"地址 / address; default: that of `kaimen up` on --data, else {DEFAULT_URL}")


def address(asked: argparse.Namespace) -> str:
    told: Path = asked.data / "address"
    return str(asked.url or (told.read_text() if told.exists() else DEFAULT_URL)).rstrip("/")


def names(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


def port_number(text: str) -> int:
    port = int(text)
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"端口须在 1–65535 之间 / {port} is not between 1 and 65535")
    return port


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"不是日期（如 2022-09-28）/ {text} is no date like 2022-09-28") from None


def refuse(words: str) -> int:
    print(words, file=sys.stderr)
    return 2


def unknown_service(name: str) -> str | None:
    """Words for the operator when there is no service of that name."""
    from kaimen.host import services

    if name in services.NAMES:
        return None
    return f"没有名为 {name} 的服务 / no such service: {name} ({', '.join(services.NAMES)})"


def run_up(asked: argparse.Namespace) -> int:
    from kaimen.host import fleet

    options = fleet.Options(
        data=asked.data,
        port=asked.port,
        only=asked.only,
        without=asked.without,
        external=asked.external,
        clock_file=asked.clock_file,
        seed=not asked.no_seed,
    )
    return asyncio.run(fleet.up(options))


def run_serve(asked: argparse.Namespace) -> int:
    if words := unknown_service(asked.name):
        return refuse(words)
    roles = frozenset[str](asked.roles)
    if not roles or not roles <= {"api", "work"}:
        return refuse("角色只有 api 与 work / --roles takes api, work or both")
    from kaimen.host.serve import serve

    serve(asked.name, roles)
    return 0


def run_migrate(asked: argparse.Namespace) -> int:
    from kaimen.host import services

    for name in asked.names:
        if words := unknown_service(name):
            return refuse(words)
    from kaimen.host.migrate import migrate

    chosen = asked.names or services.stored()
    asyncio.run(migrate(chosen, asked.phase))
    return 0


def run_seed(asked: argparse.Namespace) -> int:
    from kaimen.host.seed import seed

    asyncio.run(seed(address(asked)))
    return 0


def run_settings(asked: argparse.Namespace) -> int:
    from kaimen.host import services
    from kaimen.kit.settings import describe

    if asked.name in (None, "host"):
        for setting, meaning in BINARY_SETTINGS.items():
            print(f"{setting}\n    {meaning}")
    elif words := unknown_service(asked.name):
        return refuse(words)
    for name in services.NAMES:
        if asked.name in (None, name):
            for setting, default, meaning in describe(services.load(name).SERVICE.settings, name):
                print(f"{setting}={default}\n    {meaning}")
    return 0


def run_rebuild(asked: argparse.Namespace) -> int:
    if words := unknown_service(asked.name):
        return refuse(words)
    from kaimen.host.rebuild import rebuild

    asyncio.run(rebuild(asked.name, asked.data))
    return 0


def run_dead_letters(asked: argparse.Namespace) -> int:
    """Exit code 1 while any are left."""
    if words := unknown_service(asked.name):
        return refuse(words)
    from kaimen.host.rebuild import dead_letters_of

    left = 0
    for letter in asyncio.run(dead_letters_of(asked.name, asked.data, replay=asked.replay)):
        left += bool(letter.error)
        print(f"{letter.consumer} {letter.subject} {letter.event_id} {letter.error or '✓'}")
    return 1 if left else 0


def run_holidays_load(asked: argparse.Namespace) -> int:
    """Exit code 2 with a line for each fault of the file."""
    from kaimen.host.holidays import NoHouse, load
    from kaimen.kit.refusals import Refusal

    try:
        file = asked.file.read_bytes()
    except OSError as error:
        return refuse(f"无法读取 {asked.file} / cannot read {asked.file}: {error.strerror}")
    try:
        notice, is_new = asyncio.run(load(file, asked.data, source=asked.source, amendment=asked.amendment))
    except NoHouse:
        return refuse(f"{asked.data} 上没有运行中的数据库 / no database runs on {asked.data}")
    except Refusal as no:
        faults = [f"{fault.field}: {fault.zh} / {fault.en}" for fault in no.errors]
        return refuse("\n".join(faults or [f"{no.detail('zh')} / {no.detail('en')}"]))
    for listed in notice.days:
        print(f"{listed.day} {'休 off' if listed.is_off else '班 worked'} {listed.label}")
    print(f"{notice.year} version {notice.version} sha256 {notice.sha256} days {len(notice.days)}")
    print("已载入 / loaded" if is_new else "此前已载入，未作更改 / loaded before, nothing changed")
    return 0


def run_workdays(asked: argparse.Namespace) -> int:
    """Exit code 3 while a notice is missing."""
    from kaimen.host.holidays import NoHouse, known_workdays
    from kaimen.kit.refusals import Refusal
    from kaimen.kit.workdays import BASE_YEARS, Workdays

    known = Workdays()
    if asked.data.is_dir():
        try:
            known = asyncio.run(known_workdays(asked.data))
        except NoHouse:
            years = f"{BASE_YEARS.start}–{BASE_YEARS.stop - 1}"
            print(f"{asked.data} 上没有运行中的数据库，只按 {years} 年计算 / no database runs there", file=sys.stderr)
    try:
        deadline = known.deadline(asked.start, asked.days)
    except Refusal as no:
        return refuse(f"{no.detail('zh')} / {no.detail('en')}")
    if deadline.provisional:
        print(f"待国务院办公厅通知 / provisional: not before {deadline.not_before}")
    else:
        print(deadline.due_on)
    for number, counted in enumerate(deadline.counted, 1):
        print(f"{number:4} {counted}")
    return 3 if deadline.provisional else 0


def run_verify(asked: argparse.Namespace) -> int:
    from kaimen.kit.lots.verifier.kaimen_verify import main as verify

    return verify(asked.arguments)


def run_secrets(asked: argparse.Namespace) -> int:
    from kaimen.host.containers import write_secrets

    for name in write_secrets(asked.folder):
        print(asked.folder / name)
    return 0


def run_token(asked: argparse.Namespace) -> int:
    import httpx

    url = f"{address(asked)}/api/accounts/v1/dev/tokens"
    person = {"role": asked.role, "unit": asked.unit, "name": asked.name or asked.role}
    try:
        answer = httpx.post(url, json=person, timeout=10, trust_env=False)
    except httpx.HTTPError as error:
        return refuse(f"无法连接 {url} / cannot reach {url}: {error}")
    if not answer.is_success:
        return refuse(f"{answer.status_code} {answer.text}")
    print(answer.json()["access_token"])
    return 0
