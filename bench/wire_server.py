"""Our listener over a made state: what `rolebook decide` runs, without a database behind it."""

import asyncio
import os
import sys
from typing import cast

from bench.wire_engines import TOKEN
from bench.world import NOW, make_world, program_of

FLUSH_SECONDS = 30.0


def main(users: int, port: int) -> None:
    """Listen until killed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rolebook.server.settings")
    os.environ.setdefault("ROLEBOOK_SECRET_KEY", "only for the benchmark, and of no use for anything else")
    import django

    django.setup()
    import uvloop

    from rolebook.accounts.flows.clients import digest
    from rolebook.audit import clock
    from rolebook.audit.feed import Revision
    from rolebook.audit.following import LogFollower
    from rolebook.authzen import using
    from rolebook.authzen.answering import Answering
    from rolebook.authzen.listener import Server
    from rolebook.authzen.loading import KnownClient, Version
    from rolebook.authzen.state import ProgramState
    from rolebook.authzen.using import Uses
    from rolebook.decision.instants import micros
    from rolebook.decision.snapshot import SnapshotBuilder, grant_row

    class Always:
        """In place of a follower: looks at the clock as one does, and has a lease that never ends."""

        revision = Revision(1, bytes(32))

        def is_fresh(self) -> bool:
            return clock.boottime() < float("inf")

    world = make_world(users)
    program, tree = program_of(world)
    builder = SnapshotBuilder(program, tree, settled=micros(NOW))
    for user_id, held in world.users.items():
        builder.add(user_id, active=True, grants=map(grant_row, held))
    answering = Answering(site_url="http://127.0.0.1", lease_seconds=5, secret_key="only for the benchmark")
    # Noted and taken as always; there is no database to write them to.
    uses = Uses(FLUSH_SECONDS)
    for written in ("keep_uses", "keep_client_uses", "keep_span"):
        setattr(using, written, lambda *_: None)
    uses.start()
    answering.state.uses = uses
    noted = uses.of("bench", "UTC")
    answering.state.programs = {"bench": ProgramState("bench", [Version(0, program)], builder.build(), noted)}
    answering.state.clients = {digest(TOKEN): KnownClient("bench", frozenset({"evaluation"}))}
    answering.follower = cast(LogFollower, Always())

    async def listen() -> None:
        server = Server(answering)
        await asyncio.get_running_loop().create_server(server.connection, "127.0.0.1", port)
        await server.sweep()

    uvloop.run(listen())


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
