"""What an administrator does at the shell: upgrade, accounts, backup and restore, checks, serving."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

COMMAND = """
import sys, typer
from xianjie.messages import UserError
from xianjie.web.command_line import manage_app, serve
app = typer.Typer(pretty_exceptions_enable=False)
app.add_typer(manage_app, name="manage")
app.command("serve")(serve)
try:
    app()
except UserError as error:
    sys.exit(str(error))
"""
# The same for one command after another: Django is loaded once an instance, not once a command.
MANY = """
import contextlib, io, json, sys, traceback
from xianjie.messages import UserError
from xianjie.web.command_line import manage_app
for line in sys.stdin:
    told, code = io.StringIO(), 0
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        try:
            code = manage_app(json.loads(line), standalone_mode=False) or 0
        except UserError as error:
            print(error)
            code = 1
        except Exception:
            traceback.print_exc()
            code = 99
    print(json.dumps([code, told.getvalue()]), flush=True)
"""
pytestmark = pytest.mark.xdist_group("manage")


class Shell:
    """An instance of its own, and the commands run on it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.child: subprocess.Popen[str] | None = None
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("XIANJIE", "DJANGO", "DATABASE"))
        }
        self.environment = {**kept, "XIANJIE_HOME": str(home), "XIANJIE_TODAY": "2025-10-31"}

    def command(self, *arguments: object) -> list[str]:
        return [sys.executable, "-c", COMMAND, *map(str, arguments)]

    def __call__(self, *arguments: object, code: int = 0) -> str:
        if self.child is None:
            self.child = subprocess.Popen(
                [sys.executable, "-c", MANY], env=self.environment, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        self.child.stdin.write(json.dumps([str(one) for one in arguments]) + "\n")
        self.child.stdin.flush()
        ended, told = json.loads(self.child.stdout.readline())
        assert ended == code, told
        return told

    def once(self, *arguments: object, code: int = 0, **more: str) -> str:
        """One command in a process of its own, with settings of its own."""
        done = subprocess.run(
            self.command("manage", *arguments), env={**self.environment, **more}, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    def __del__(self) -> None:
        if self.child is not None:
            self.child.kill()
            self.child.communicate()


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """An upgraded instance with a few regions and an administrator."""
    folder = tmp_path_factory.mktemp("manage")
    made = Shell(folder / "home")
    assert "xianjie manage upgrade" in made("users", "list", code=1)  # nothing works before
    assert "升级完成" in made("upgrade")
    table = folder / "regions.csv"
    places = [
        "620000000000,虚构省",
        "629900000000,虚构州",
        "629901000000,样例县",
        "629901100000,甲子镇",
        "629901100201,一号村",
    ]
    table.write_text("\n".join(["区划代码,区划名称", *places]), encoding="utf-8")
    assert "加 --yes" in made("regions", table)
    assert "已生效" in made("regions", table, "--yes")
    told = made("create-admin", "guanli", "--name", "试管理", "--region", "629901000000")
    assert re.search(r"[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}", told)
    return made


def test_the_command_line_starts_without_loading_the_web_framework() -> None:
    code = "import sys, xianjie.web.command_line; print('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_accounts_at_the_shell_leave_events_too(shell: Shell) -> None:
    assert "试管理" in shell("users", "list")
    assert "停用" in shell("users", "close", "guanli", "--why", "试")
    assert "启用" in shell("users", "open", "guanli")
    assert "临时密码" in shell("users", "password", "guanli")
    assert "没有账号" in shell("users", "password", "nobody", code=1)
    assert re.search(r"共读 \d+ 条", shell("verify-audit"))
    assert "不是现行区划" in shell("create-admin", "x1", "--name", "x", "--region", "629999000000", code=1)
    assert "演示" in shell("demo-accounts", "629901000000", code=1)


def test_upgrading_again_does_nothing(shell: Shell) -> None:
    assert "已是最新" in shell("upgrade")


def test_a_backup_is_checked_and_brings_everything_back(shell: Shell, tmp_path: Path) -> None:
    (shell.home / "files" / "a").mkdir(parents=True, exist_ok=True)
    (shell.home / "files" / "a" / "佐证.txt").write_text("样例", encoding="utf-8")
    out = tmp_path / "backup"
    assert "已打开核对" in shell("backup", out, "--keys")
    assert "已存在" in shell("backup", out, code=1)
    assert "备份完好" in shell("verify-backup", out)
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert manifest["tables"]["accounts_user"] == 1 and manifest["audit"]["seq"] > 0
    fresh = Shell(tmp_path / "fresh")
    assert "已从" in fresh("restore", out)
    assert "试管理" in fresh("users", "list") and "完好" in fresh("verify-audit")
    assert (fresh.home / "files" / "a" / "佐证.txt").read_text("utf-8") == "样例"
    assert (fresh.home / "keys" / "xianjie_sealing_key").read_text() == (
        shell.home / "keys" / "xianjie_sealing_key"
    ).read_text()
    assert "--replace" in fresh("restore", out, code=1)
    assert "已从" in fresh("restore", out, "--replace")
    assert len(list((fresh.home / "backups").iterdir())) == 1


def test_a_damaged_backup_is_told_and_restores_nothing(shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "backup"
    assert "不含密钥" in shell("backup", out)
    stranger = Shell(tmp_path / "stranger")
    assert "密钥" in stranger("restore", out, code=1)  # another instance's keys do not open it
    with (out / "database.sqlite3").open("r+b") as content:
        content.seek(5000)
        content.write(b"x")
    assert "已损坏" in shell("verify-backup", out, code=1)
    assert "已损坏" in shell("restore", out, "--replace", code=1)
    assert "不是备份" in shell("verify-backup", tmp_path, code=1)


def test_a_touched_trail_is_named_and_so_is_one_that_was_written_anew(shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "backup"
    shell("backup", out, "--keys")
    other = Shell(tmp_path / "other")
    other("restore", out)
    head = re.search(r"校验值 (\d+:[0-9a-f]{64})", other("verify-audit"))[1]
    assert "完好" in other("verify-audit", "--expect", head)
    assert "重写" in other("verify-audit", "--expect", head[:-1] + ("0" if head[-1] != "0" else "1"), code=1)
    with sqlite3.connect(other.home / "xianjie.sqlite3") as database:
        database.execute("UPDATE audit_event SET why = 'x' WHERE seq = 2")
    assert "第 2 条" in other("verify-audit", code=1)


def test_an_older_database_is_backed_up_before_it_is_upgraded(shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "backup"
    shell("backup", out, "--keys")
    old = Shell(tmp_path / "old")
    old("restore", out)
    with sqlite3.connect(old.home / "xianjie.sqlite3") as database:
        database.execute("DROP INDEX audit_at")
        database.execute("DELETE FROM django_migrations WHERE app='audit' AND name='0002_time_index'")
    assert "请先运行 xianjie manage upgrade" in old("users", "list", code=1)
    assert "先备份到" in old("upgrade")
    assert "试管理" in old("users", "list")
    kept = next((old.home / "backups").glob("before-upgrade-*"))
    assert "备份完好" in old("verify-backup", kept)


def test_settings_for_production_pass_the_deployment_check(shell: Shell) -> None:
    hosts = {"XIANJIE_HOSTS": "xianjie.example.cn", "XIANJIE_ORIGINS": "https://xianjie.example.cn"}
    assert "检查通过" in shell.once("check", "--deploy", **hosts)
    assert "security.W" in shell.once("check", "--deploy", code=1, XIANJIE_DEBUG="1", **hosts)


def wait_for(what: Callable[[], object], seconds: float = 40) -> object:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(0.2)
    raise AssertionError("waited in vain")


def test_serving_answers_starts_a_dead_worker_again_and_ends_as_a_whole(shell: Shell) -> None:
    port = 8169
    command = shell.command("serve", "--port", port, "--workers", 1)
    server = subprocess.Popen(
        command, env={**shell.environment, "XIANJIE_HTTPS": "0"}, stderr=subprocess.PIPE, text=True
    )
    try:

        def answers() -> bool:
            try:
                return urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).status == 200
            except OSError:
                return False

        def worker() -> int:
            found = subprocess.run(
                ["pgrep", "-P", str(server.pid), "-f", "xianjie.web.worker"],
                capture_output=True,
                text=True,
                check=False,
            )
            return int(found.stdout or 0)

        wait_for(answers)
        first = int(str(wait_for(worker)))
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: worker() not in (0, first))
        again = subprocess.run(command, env=shell.environment, capture_output=True, text=True, timeout=60, check=False)
        assert again.returncode == 1 and "已有服务在运行" in again.stderr
        last = worker()
    finally:
        server.send_signal(signal.SIGINT)
        told = server.communicate(timeout=40)[1]
    assert server.returncode == 0 and "正在重新启动" in told and "已停止" in told
    assert not answers()
    with pytest.raises(ProcessLookupError):
        os.kill(last, 0)
