"""The servers of the wire benchmark: ours and Cerbos, with the same world behind them and the same questions before.

Ours is the listener of `rolebook decide` over a made state, with tokens, request ids, revisions and usage; nothing
follows a database. Cerbos gets its policies from files, and with every question what it must be told: the roles in
force of the person (by roles alone, which is an easier question), or with them where each is held and what lies above
the place.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.world import EVERYWHERE_ROLES, EXACT_ROLES, Question, World

CERBOS = "@cerbos/cerbos-linux-x64@0.55.0"
OURS = "rolebook"
TOKEN = "rbk_bench"
BATCH = 100
HERE = Path(__file__).parents[1]

type Asked = tuple[str, str]
"""Privilege and organization."""


@dataclass(frozen=True, slots=True)
class Server:
    """One server to ask.

    Attributes:
        name: for the table.
        port: where it listens.
        path: of its endpoint.
        headers: of every request.
        scoped: whether it is asked the whole question.
    """

    name: str
    port: int
    path: str
    headers: dict[str, str]
    scoped: bool

    def body(self, world: World, question: Question) -> dict[str, object]:
        """Return the JSON of a question."""
        user_id, privilege, organization_id = question
        if self.name == OURS:
            return {"subject": {"type": "user", "id": user_id}, **_item(privilege, organization_id)}
        return self._cerbos(world, user_id, [(privilege, organization_id)])

    def batch(self, world: World, user_id: str, asked: Sequence[Asked]) -> dict[str, object]:
        """Return the JSON of many questions about one user."""
        if self.name == OURS:
            return {"subject": {"type": "user", "id": user_id}, "evaluations": [_item(*one) for one in asked]}
        return self._cerbos(world, user_id, asked)

    def _cerbos(self, world: World, user_id: str, asked: Sequence[Asked]) -> dict[str, object]:
        held: dict[str, list[str]] = {}
        for holding in world.in_force(user_id):
            held.setdefault(holding.role_id.replace("role-", "r"), []).append(holding.organization_id or "")
        principal: dict[str, object] = {"id": user_id, "roles": sorted(held) or ["nobody"]}
        if self.scoped:
            principal["attr"] = {"held": held}
        resources = []
        for privilege, organization_id in asked:
            resource: dict[str, object] = {
                "kind": "organization" if self.scoped else "anything",
                "id": organization_id,
            }
            if self.scoped:
                resource["attr"] = {"above": [organization_id, *world.up(organization_id)]}
            resources.append({"actions": [privilege], "resource": resource})
        return {"requestId": "r", "principal": principal, "resources": resources}

    def said(self, body: dict[str, object]) -> list[bool]:
        """Ask once, slowly; return the decisions in the order of the questions."""
        path = self.path + "s" if "evaluations" in body else self.path
        url = f"http://127.0.0.1:{self.port}{path}"
        asked = urllib.request.Request(url, json.dumps(body).encode(), self.headers)
        with urllib.request.urlopen(asked, timeout=10) as response:
            answer = json.load(response)
        if self.name == OURS:
            return [bool(one["decision"]) for one in answer.get("evaluations", [answer])]
        return [set(one["actions"].values()) == {"EFFECT_ALLOW"} for one in answer["results"]]

    def right(self, world: World, ask: Callable[[Question], bool], question: Question) -> bool:
        """Return the right answer to what this server is asked: without the place, where it is not told of it."""
        if self.scoped:
            return ask(question)
        user_id, privilege, _ = question
        return any(privilege in world.gives[holding.role_id] for holding in world.in_force(user_id))


def _item(privilege: str, organization_id: str) -> dict[str, object]:
    return {"action": {"name": privilege}, "resource": {"type": "organization", "id": organization_id}}


def cerbos_binary(folder: Path) -> Path:
    """Return the server's binary, fetched from npm when it is not there yet. Raises SystemExit without npm."""
    binary = folder / "package" / "cerbos-linux-x64"
    if not binary.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit(f"npm is needed to fetch {CERBOS}: apt install npm")
        folder.mkdir(parents=True, exist_ok=True)
        packing = [npm, "pack", "--silent", CERBOS]
        if subprocess.run(packing, cwd=folder, stdout=subprocess.DEVNULL, check=False).returncode:
            raise SystemExit(f"npm could not fetch {CERBOS} (x86-64 Linux): see above")
        with tarfile.open(next(folder.glob("cerbos-*.tgz"))) as packed:
            packed.extractall(folder, filter="data")
    return binary


def write_policies(world: World, folder: Path) -> None:
    """Write Cerbos's policies: by roles alone, and with the places where roles are held."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, scoped in (("anything", False), ("organization", True)):
        rules = []
        for role_id, given in world.gives.items():
            number = int(role_id.removeprefix("role-"))
            rule: dict[str, object] = {
                "actions": list(given),
                "effect": "EFFECT_ALLOW",
                "roles": [f"r{number}"],
            }
            if scoped and number not in EVERYWHERE_ROLES:
                held = f"P.attr.held.r{number}"
                there = (
                    f"R.id in {held}" if number in EXACT_ROLES else f"hasIntersection({held}, R.attr.above)"
                )
                rule["condition"] = {"match": {"expr": there}}
            rules.append(rule)
        policy = {
            "apiVersion": "api.cerbos.dev/v1",
            "resourcePolicy": {"resource": kind, "version": "default", "rules": rules},
        }
        (folder / f"{kind}.json").write_text(json.dumps(policy), encoding="utf-8")


def start_cerbos(binary: Path, folder: Path, port: int, core: int) -> subprocess.Popen[bytes]:
    """Start Cerbos on one core."""
    config = {
        "server": {
            "httpListenAddr": f"127.0.0.1:{port}",
            "grpcListenAddr": f"127.0.0.1:{port + 1}",
            "requestLimits": {"maxActionsPerResource": 50, "maxResourcesPerRequest": BATCH},
        },
        "storage": {
            "driver": "disk",
            "disk": {"directory": str(folder / "policies"), "watchForChanges": False},
        },
        "telemetry": {"disabled": True},
        "audit": {"enabled": False},
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return subprocess.Popen(
        [
            "taskset",
            "-c",
            str(core),
            str(binary),
            "server",
            "--log-level=error",
            f"--config={folder}/config.json",
        ],
        env={**os.environ, "GOMAXPROCS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # it logs every question that wrk breaks off at the end of a round
    )


def start_rolebook(users: int, port: int, core: int) -> subprocess.Popen[bytes]:
    """Start our listener on one core."""
    return subprocess.Popen(
        ["taskset", "-c", str(core), sys.executable, "-m", "bench.wire_server", str(users), str(port)],
        cwd=HERE,
    )
