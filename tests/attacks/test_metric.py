"""Levers that try to make their own metric, and what comes of it: an honest value, or `invalid`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.target import HONEST, attacked, unharmed

FORGED = "print('score: 999')\n"

EVALUATION = (
    "import os\ntree = os.path.join(os.path.dirname(os.path.realpath('.')), '0-evaluate')\nassert os.path.isdir(tree)\n"
)
SPARE = "RUNS = os.path.dirname(os.path.realpath(os.environ['PRAXTUI_SCRATCH']))\n"
PATCH = EVALUATION + "own = open(tree + '/evaluate.py').read()\nopen(tree + '/evaluate.py', 'w').write("

# name -> (code in the lever, what becomes of it: its honest value, or None where it is caught)
ATTACKS: dict[str, tuple[str, float | None]] = {
    "prints the metric": (FORGED, HONEST),
    "prints the metric at exit": ("import atexit\natexit.register(print, 'score: 999')\n", HONEST),
    "prints the metric on standard error": ("import sys\nprint('score: 999', file=sys.stderr)\n", HONEST),
    "leaves an evaluator's log": (
        "import os\n" + SPARE + "for name in ('evaluate.log', 'evaluate.times'):\n"
        "    open(os.path.join(RUNS, name), 'w').write('score: 999\\n')\n",
        HONEST,
    ),
    "leaves a link in the place of the evaluator's log": (
        "import os\n" + SPARE + "open('forged.txt', 'w').write('score: 999\\n')\n"
        "os.symlink(os.path.abspath('forged.txt'), os.path.join(RUNS, 'evaluate.log'))\n",
        HONEST,
    ),
    "leaves a result": (
        "import json, os\n" + SPARE + "forged = {'why': 'exit', 'stages': [{'name': 'run', 'rc': 0}]}\n"
        "json.dump(forged, open(os.path.join(RUNS, 'exit.json'), 'w'))\n",
        HONEST,
    ),
    "rewrites what it was asked to do": (
        "import os\n" + SPARE + "path = os.path.join(RUNS, 'spec.json')\ntext = open(path).read()\n"
        "open(path, 'w').write(text.replace('evaluate.py', 'settings.py'))\n",
        HONEST,
    ),
    "patches its own copy of the evaluator": (
        "open('evaluate.py', 'w').write(\"print('score: 999')\\n\")\n",
        None,
    ),
    "patches and mends its own copy": (
        "own = open('scoring.py').read()\nopen('scoring.py', 'w').write('')\nopen('scoring.py', 'w').write(own)\n",
        HONEST,
    ),
    "patches the evaluator": (PATCH + "\"print('score: 999')\\n\")\n", None),
    "patches the evaluator so that it mends itself": (
        PATCH + "\"print('score: 999')\\nopen('evaluate.py', 'w').write(\" + repr(own) + \")\\n\")\n",
        None,
    ),
    "patches a module of the evaluator": (
        EVALUATION + "open(tree + '/scoring.py', 'a').write('score = lambda *_: 999\\n')\n",
        None,
    ),
    "puts another file in the evaluator's place": (
        EVALUATION + "os.unlink(tree + '/evaluate.py')\nos.symlink('/etc/hostname', tree + '/evaluate.py')\n",
        None,
    ),
    "puts another folder in the place of the evaluator's": (
        EVALUATION + "import shutil\nos.rename(tree, tree + '-old')\nshutil.copytree(tree + '-old', tree)\n"
        "open(tree + '/scoring.py', 'w').write('score = lambda *_: 999\\n')\n",
        None,
    ),
    "leaves a module of a name that the evaluator imports": (
        EVALUATION + "open(tree + '/json.py', 'w').write(\"print('score: 999')\\nraise SystemExit\\n\")\n",
        None,
    ),
    "leaves a module that deletes itself": (
        EVALUATION
        + "hidden = \"import os\\nprint('score: 999')\\nos.unlink(__file__)\\nraise SystemExit\\n\"\n"
        + "open(tree + '/json.py', 'w').write(hidden)\n",
        None,
    ),
    "leaves a module in its own folder": ("open('json.py', 'w').write(\"print('score: 999')\\n\")\n", HONEST),
    "leaves a start-up hook": (
        EVALUATION + "for name in ('sitecustomize.py', 'usercustomize.py'):\n"
        "    open(os.path.join(tree, name), 'w').write(\"print('score: 999')\\n\")\n",
        None,
    ),
    "leaves a compiled module": (
        EVALUATION + "import importlib.util, marshal\n"
        "compiled = compile('score = lambda *_: 999', 'scoring.py', 'exec')\n"
        "cache = importlib.util.cache_from_source(tree + '/scoring.py')\nos.makedirs(os.path.dirname(cache))\n"
        "flags = (1).to_bytes(4, 'little')\n"
        "data = importlib.util.MAGIC_NUMBER + flags + bytes(8) + marshal.dumps(compiled)\n"
        "open(cache, 'wb').write(data)\n",
        None,
    ),
    "leaves a compiled module in its own folder": (
        "import os, importlib.util, marshal\n"
        "compiled = compile('score = lambda *_: 999', 'scoring.py', 'exec')\n"
        "cache = importlib.util.cache_from_source('scoring.py')\nos.makedirs(os.path.dirname(cache), exist_ok=True)\n"
        "data = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, 'little') + bytes(8) + marshal.dumps(compiled)\n"
        "open(cache, 'wb').write(data)\n",
        HONEST,
    ),
    "makes its artifacts a package": (
        "def after():\n    open('out/__init__.py', 'w').write(\"print('score: 999')\\n\")\n"
        "    open('out/json.py', 'w').write(\"print('score: 999')\\n\")\n",
        HONEST,
    ),
    "sets variables for the evaluator": (
        "import os\nos.environ['PYTHONPATH'] = os.environ['PYTHONSTARTUP'] = os.getcwd()\n"
        "open('usercustomize.py', 'w').write(\"print('score: 999')\\n\")\nos.environ['PYTHONINSPECT'] = '1'\n",
        HONEST,
    ),
    "leaves things in the evaluator's scratch": (
        "import os\n" + SPARE + "open(os.path.join(RUNS, 'evaluate-scratch', 'tmp', 'mark'), 'w').write('x')\n",
        None,
    ),
    "writes into the data": (
        "import os\npath = os.path.join(os.environ['PRAXTUI_DATA'], 'truth.json')\nos.chmod(path, 0o644)\n"
        "open(path, 'w').write('{\"truth\": 9.0}')\n",
        None,
    ),
    "adds to the data": (
        "import os\nos.chmod(os.environ['PRAXTUI_DATA'], 0o755)\n"
        "open(os.path.join(os.environ['PRAXTUI_DATA'], 'more.json'), 'w').write('{}')\n",
        None,
    ),
    "puts other data in its place": (
        "import os, shutil\ndata = os.environ['PRAXTUI_DATA']\nos.rename(data, data + '-old')\n"
        "shutil.copytree(data + '-old', data)\nos.chmod(data + '/truth.json', 0o644)\n"
        "open(data + '/truth.json', 'w').write('{\"truth\": 9.0}')\n",
        None,
    ),
    "leaves a link for an artifact": (
        "def after():\n    import os\n    os.rename('out/guess.json', 'elsewhere.json')\n"
        "    open('elsewhere.json', 'w').write('{\"guess\": 60.0}')\n"
        "    os.symlink(os.path.abspath('elsewhere.json'), 'out/guess.json')\n",
        None,
    ),
    "leaves a link for its artifacts": (
        "def after():\n    import os\n    os.rename('out', 'kept')\n    os.symlink(os.path.abspath('kept'), 'out')\n",
        None,
    ),
}

DAEMON = """\
import os, time
def leave(work):
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    for fd in (0, 1, 2):
        os.close(fd)
    parent = os.getppid()
    time.sleep(0.5)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            work()
        except OSError:
            pass
        time.sleep(0.001)
    os._exit(0)
"""
LEFT_BEHIND = {
    "rewrites its artifacts": "def work():\n    for place in (os.getcwd(), tree):\n"
    "        open(os.path.join(place, 'out', 'guess.json'), 'w').write('{\"guess\": 60.0}')\n",
    "rewrites the data": "def work():\n    path = os.path.join(os.environ['PRAXTUI_DATA'], 'truth.json')\n"
    "    os.chmod(path, 0o644)\n    open(path, 'w').write('{\"truth\": 9.0}')\n",
    "rewrites the evaluator": "def work():\n    open(os.path.join(tree, 'scoring.py'), 'w')"
    ".write('score = lambda *_: 999\\n')\n",
    "writes the log": "def work():\n    open(os.path.join(RUNS, 'evaluate.log'), 'a').write('score: 999\\n')\n",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_lever_that(target: Path, name: str) -> None:
    attack, honest = ATTACKS[name]
    rows, _ = attacked(target, attack)
    row = rows["e1"]
    assert row["metric"] == honest, row
    if honest is not None:
        assert row["verdict"] == "discard"
    elif "link" in name and "artifact" in name:
        assert (row["verdict"], "symbolic link" in row["reason"] or "No such file" in row["reason"]) == ("crash", True)
    else:
        assert row["verdict"] == "invalid", row["reason"]
    unharmed(rows)


@pytest.mark.parametrize("name", LEFT_BEHIND)
def test_a_process_left_behind_that(target: Path, name: str) -> None:
    attack = EVALUATION + "import os\n" + SPARE + DAEMON + LEFT_BEHIND[name] + "leave(work)\n"
    rows, _ = attacked(target, attack)
    assert (rows["e1"]["verdict"], rows["e1"]["metric"]) == ("discard", HONEST)
    unharmed(rows)
