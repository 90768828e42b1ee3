"""`rolebook demo`: a whole installation with made-up people, on this machine and for nobody else."""

import json
import re
import signal
import socket
import sqlite3
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from rolebook.cli.server.demo_world.cast import CAST, PASSWORD
from rolebook.cli.server.serve import start_serving
from tests.cli.processes import alive, descendants, eventually, free_port, run, running

pytestmark = pytest.mark.slow
UP = "Stop with Ctrl+C"
README = Path(__file__).parents[2] / "README.md"


@dataclass
class Demo:
    """A demo that runs."""

    home: Path
    port: int
    said: str
    process: subprocess.Popen[str]

    def page(self, path: str, data: dict[str, str] | None = None, browser: CookieJar | None = None) -> str:
        """The page at a path, as a browser gets it."""
        opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar() if browser is None else browser)
        )
        body = urllib.parse.urlencode(data).encode() if data is not None else None
        answer: bytes = opener.open(f"http://127.0.0.1:{self.port}{path}", body).read()
        return answer.decode()

    def submit(self, path: str, browser: CookieJar, **fields: str) -> str:
        """Fill a page's form in and send it."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.page(path, browser=browser))
        assert token is not None
        return self.page(path, {"csrfmiddlewaretoken": token[1], **fields}, browser)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One demo for all tests that only look at it."""
    home, port = tmp_path_factory.mktemp("demo"), free_port()
    with running(home, "demo", "--port", str(port), until=UP) as (process, said):
        yield Demo(home, port, said, process)


def test_it_prints_where_it_is_and_who_can_sign_in(demo: Demo) -> None:
    assert f"http://127.0.0.1:{demo.port}/" in demo.said
    assert f"http://127.0.0.1:{demo.port}/demo/mail/" in demo.said
    assert PASSWORD in demo.said
    assert [person.user_id for person in CAST if person.user_id not in demo.said] == []


def test_it_prints_what_the_readme_shows(demo: Demo) -> None:
    shown = README.read_text(encoding="utf-8").partition("$ ./run demo\n")[2].partition("```")[0]
    lines = [line.strip() for line in shown.splitlines() if line.strip(" …")]
    # How much there is changes with the story; the words stay.
    told = re.sub(r"\d+", "0", demo.said)
    assert len(lines) > 10
    assert [line for line in lines if re.sub(r"\d+", "0", line) not in told] == []


@pytest.mark.requirement("QPP-01", "QPP-04")
def test_its_people_can_sign_in_with_the_code_that_it_prints(demo: Demo) -> None:
    browser = CookieJar()
    demo.submit("/qpp/sign-in/", browser, user_id="tom.becker", password=PASSWORD, agree="on")
    code = run(demo.home, "demo", "code", "Tom.Becker")
    assert re.fullmatch(r"\d{6}\n", code.stdout), code.stderr
    demo.submit("/sign-in/code/", browser, code=code.stdout.strip())
    page = demo.page("/qpp/manage-access/", browser=browser)
    assert "Paul Jensen" in page
    assert "Prairie Rose Pediatrics" in page


def test_the_printed_question_is_answered_with_yes(demo: Demo) -> None:
    command = demo.said[demo.said.index("curl") :].partition("\n\n")[0]
    answered = subprocess.run(command, shell=True, capture_output=True, text=True, check=True).stdout
    assert json.loads(answered) == {"decision": True}


def test_its_audit_log_verifies(demo: Demo) -> None:
    settings = json.loads((demo.home / "demo" / "rolebook-demo.json").read_text())
    verified = run(demo.home / "demo", "audit", "verify", **settings)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_its_mails_can_be_read_by_person(demo: Demo) -> None:
    everybody = demo.page("/demo/mail/")
    assert "QPP: Request waiting for you" in everybody
    sams = demo.page("/demo/mail/?to=sam.whitfield@demo.example")
    assert "QPP: Access denied: Staff User at Cedar Valley Family Practice" in sams
    assert "QPP: Please submit your request again" in sams
    assert "Request waiting for you" not in sams


@pytest.mark.fault(44)
def test_a_mail_is_shown_in_a_frame_that_can_do_nothing(demo: Demo) -> None:
    number = re.findall(r'href="/demo/mail/(\d+)/"', demo.page("/demo/mail/"))[0]
    page = demo.page(f"/demo/mail/{number}/")
    assert re.search(r"<iframe[^>]*sandbox=", page)
    with urllib.request.urlopen(f"http://127.0.0.1:{demo.port}/demo/mail/{number}/html/") as framed:
        policy = framed.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


@pytest.mark.fault(48)
def test_it_answers_to_no_foreign_host_name(demo: Demo) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{demo.port}/demo/mail/", headers={"Host": "evil.example"}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 400
    refused.value.close()


def test_it_listens_on_this_machine_only(demo: Demo) -> None:
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", demo.port), timeout=2):
        pass


def test_two_demos_do_not_share_a_folder(demo: Demo) -> None:
    refused = run(demo.home, "demo", "--port", str(free_port()))
    assert (refused.returncode, "a demo is running in" in refused.stderr) == (2, True)


def test_codes_of_people_who_are_not_there_are_refused(demo: Demo) -> None:
    nobody = run(demo.home, "demo", "code", "nobody")
    without = run(demo.home, "demo", "code", "kim.tran")
    assert (nobody.returncode, without.returncode) == (2, 2)
    assert "nobody in the demo has the user ID 'nobody'" in nobody.stderr
    assert "the code comes by mail" in without.stderr


def test_ctrl_c_ends_it_and_everything_it_started(demo: Demo) -> None:
    """The last test that looks at the demo."""
    started = descendants(demo.process.pid)
    assert len(started) >= 3
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(60) == 0
    assert eventually(lambda: not alive(started))


def test_codes_are_refused_where_no_demo_is(tmp_path: Path) -> None:
    refused = run(tmp_path, "demo", "code", "maria.lopez")
    assert (refused.returncode, "no demo in" in refused.stderr) == (2, True)


def test_an_installations_codes_are_refused_even_with_a_demos_file_beside_them(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "rolebook-demo.json").write_text('{"ROLEBOOK_DEMO": "0"}')
    refused = run(tmp_path, "demo", "code", "maria.lopez")
    assert (refused.returncode, "no demo in" in refused.stderr) == (2, True)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_an_address_that_others_can_reach_is_refused(tmp_path: Path, host: str) -> None:
    refused = run(tmp_path, "demo", "--host", host, "--port", str(free_port()))
    assert (refused.returncode, "this machine only" in refused.stderr) == (2, True)
    assert not (tmp_path / "demo").exists()


def test_a_server_in_demo_mode_listens_on_this_machine_only(tmp_path: Path) -> None:
    refused = run(tmp_path, "serve", "--host", "0.0.0.0", "--port", str(free_port()), ROLEBOOK_DEMO="1")
    assert (refused.returncode, "this machine only" in refused.stderr) == (2, True)


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    kept = tmp_path / "demo" / "thesis.txt"
    kept.write_text("years of work")
    refused = run(tmp_path, "demo", "--port", str(free_port()))
    assert (refused.returncode, "was not made by a demo" in refused.stderr) == (2, True)
    assert kept.read_text() == "years of work"


def test_a_database_with_anything_in_it_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "real.sqlite3"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE payroll (name TEXT)")
    database.close()
    refused = run(tmp_path, "demo", "--port", str(free_port()), "--database", f"sqlite:///{file}")
    assert (refused.returncode, "needs an empty database" in refused.stderr) == (2, True)
    assert "'payroll'" in refused.stderr


def test_a_demo_at_a_name_listens_at_its_number() -> None:
    together = MagicMock()
    start_serving(together, host="localhost", port=8000, processes=1, threads=1)
    arguments = together.start.call_args.args[2]
    assert arguments[arguments.index("--host") + 1] == "127.0.0.1"
