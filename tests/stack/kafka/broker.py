"""A real Apache Kafka, one broker in KRaft mode, from Maven Central: where there is Java and Maven."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.config import ROOT

_POM = Path(__file__).parent / "pom.xml"
_JARS = Path(ROOT) / ".local" / "kafka" / _POM.read_text().split("<version>")[2].partition("<")[0]
_UP_WITHIN_S = 240
_PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={folder}/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
num.partitions=1
"""


class NoKafka(Exception):
    """Why there is none on this machine."""


def jars() -> str:
    """The broker's class path, fetched once."""
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            raise NoKafka(f"{tool} is not installed")
    if not _JARS.exists():
        target = _JARS.with_suffix(".part")
        shutil.rmtree(target, ignore_errors=True)
        fetch = [str(shutil.which("mvn")), "-q", "-B", "-f", str(_POM)]
        copy = ["dependency:copy-dependencies", f"-DoutputDirectory={target}", "-DincludeScope=runtime"]
        try:
            subprocess.run([*fetch, *copy], check=True, capture_output=True, timeout=300)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise NoKafka(f"Maven could not fetch it: {(error.stdout or b'').decode()[-500:]}") from error
        target.rename(_JARS)
    return f"{_JARS}/*"


@contextmanager
def broker(folder: Path) -> Iterator[str]:
    """A broker with nothing in it; yields its address.

    Raises:
        NoKafka: there is none on this machine.
    """
    port, controller = _free_ports()
    config = folder / "server.properties"
    config.write_text(_PROPERTIES.format(port=port, controller=controller, folder=folder))
    java = ["java", "-Xmx256m", "-cp", jars()]
    identity = uuid.uuid4().hex[:22]
    named = ["kafka.tools.StorageTool", "format", "-t", identity, "-c", str(config)]
    subprocess.run([*java, *named], check=True, capture_output=True, timeout=60)
    with (folder / "kafka.log").open("wb") as log:
        running = subprocess.Popen([*java, "kafka.Kafka", str(config)], stdout=log, stderr=log)
        try:
            _wait_until_up(running, port)
            yield f"127.0.0.1:{port}"
        finally:
            running.terminate()
            running.wait(30)


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _wait_until_up(running: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + _UP_WITHIN_S
    while time.monotonic() < end and running.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("Kafka did not come up")
