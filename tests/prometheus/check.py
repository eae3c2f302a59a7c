"""Asks Prometheus each query of the dashboard and of the alarms, about a server that runs under load."""

import json
import math
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import draw

ROOT = Path(__file__).parents[2]
# As Grafana computes it for a scrape each second.
RATE_INTERVAL = "4s"
LOAD = 10.0


def main(program, picture=None):
    with server(program) as address, prometheus(address) as ask:
        # Prometheus itself judges the page: text that it cannot parse is no sample.
        wait_for(lambda: answer(ask("query", query="up")) == [1.0], "Prometheus to read the page")
        begin = time.time()
        time.sleep(LOAD)
        dashboard = json.loads((ROOT / "dashboards/ws-runtime.json").read_text())
        check_form(dashboard)
        targets = [
            (panel, target) for panel in dashboard["panels"] for target in panel["targets"]
        ]
        failed = []
        for panel, target in targets:
            query = target["expr"].replace("$__rate_interval", RATE_INTERVAL)
            over_time = ask("query_range", query=query, start=begin + 4, end=time.time(), step=0.5)
            target["answer"] = over_time["result"]
            values = answer(over_time)
            if not any(math.isfinite(value) for value in values):
                failed.append(f"{panel['title']}: {query}: {len(values)} values, none of them a number")
        for query in alarms():
            # An alarm that is silent has no answer. What it compares must have one.
            compared = re.split(r"\s[<>]=?\s", query)[0]
            if not answer(ask("query", query=re.sub(r"\[\d+m\]", "[10s]", compared))):
                failed.append(f"alarm: {compared}")
        if failed:
            raise SystemExit("no answer to:\n" + "\n".join(failed))
        if picture:
            Path(picture).write_text(draw.panels(dashboard["panels"]))
    print(f"{len(targets)} queries of the dashboard and {len(alarms())} alarms have answers")


def check_form(dashboard):
    """What Grafana needs to import it."""
    variables = [variable["name"] for variable in dashboard["templating"]["list"]]
    assert variables == ["datasource"], variables
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids), "two panels have one id"
    for panel in dashboard["panels"]:
        assert panel["datasource"]["uid"] == "${datasource}", panel["title"]
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]


def alarms():
    """The queries of the alarms. `promtool` has checked the file; this reads its lines."""
    text = (ROOT / "dashboards/alarms.yml").read_text()
    text = re.sub(r"expr: >\n((?: {10,}.*\n)+)", lambda found: "expr: " + " ".join(found[1].split()) + "\n", text)
    return re.findall(r"^ +expr: (.*)$", text, re.M)


@contextmanager
def server(program):
    running = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield running.stdout.readline().split()[-1]
    finally:
        running.stdin.close()
        running.wait(10)


@contextmanager
def prometheus(target):
    with tempfile.TemporaryDirectory() as folder:
        config = {
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [{"job_name": "ws", "static_configs": [{"targets": [target]}]}],
        }
        # JSON is YAML.
        (Path(folder) / "prometheus.yml").write_text(json.dumps(config))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        running = subprocess.Popen(
            [
                "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
            ],
        )
        def ask(what, **parameters):
            query = urllib.parse.urlencode(parameters)
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/{what}?{query}", timeout=5) as reply:
                    return json.load(reply)["data"]
            except urllib.error.HTTPError as error:
                raise SystemExit(f"{parameters}: {error.read().decode()}") from error
        def is_up():
            try:
                return urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=1).status == 200
            except OSError:
                return False
        try:
            wait_for(is_up, "Prometheus to start")
            yield ask
        finally:
            running.terminate()
            running.wait(10)


def answer(data):
    """All values of an answer."""
    samples = [series.get("values") or [series["value"]] for series in data["result"]]
    return [float(value) for of_series in samples for _, value in of_series]


def wait_for(condition, what, seconds=20):
    end = time.time() + seconds
    while not condition():
        if time.time() > end:
            raise SystemExit(f"waited {seconds} s for {what}")
        time.sleep(0.1)


main(*sys.argv[1:])
