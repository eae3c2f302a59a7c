"""Run the fuzzing client of Autobahn|Testsuite (ported by port.py) and judge its reports.

Called by `fuzz`, with the Python of the venv that `setup` made.
"""

import argparse
import collections
import fnmatch
import glob
import json
import os
import re
import socket
import sys
import time
from urllib.parse import urlsplit

HERE = os.path.dirname(os.path.abspath(__file__))


def die(why):
    print("fuzz: " + why, file=sys.stderr)
    sys.exit(2)


def resolve(caseset, patterns):
    """Case ids of `1.*`, `9`, `9.1`, `6.4.1`, `1-7`, `12.*.[1-6]`, in the suite's order."""
    ids = {}
    for p in patterns:
        m = re.fullmatch(r"(\d+)-(\d+)", p)
        if m:
            hit = [c for c in caseset if int(m[1]) <= int(c.split(".")[0]) <= int(m[2])]
        else:
            hit = [c for c in caseset if fnmatch.fnmatchcase(c, p) or fnmatch.fnmatchcase(c, p + ".*")]
        if not hit:
            die("no case matches %r" % p)
        ids.update(dict.fromkeys(hit))
    return [c for c in caseset if c in ids]


def wait_for(url, secs):
    u = urlsplit(url)
    port = u.port or (443 if u.scheme == "wss" else 80)
    end = time.time() + secs
    while True:
        try:
            socket.create_connection((u.hostname, port), 1).close()
            return
        except OSError as e:
            if time.time() >= end:
                die("nothing listens at %s: %s" % (url, e))
            time.sleep(0.1)


def judge(args, cases, errors, aborted):
    with open(os.path.join(args.out, "index.json"), encoding="utf8") as f:
        index = json.load(f).get(args.agent, {})

    verdicts = ["OK", "NON-STRICT", "INFORMATIONAL", "FAILED", "UNIMPLEMENTED", "MISSING"]
    sections = collections.OrderedDict()
    failed, notes, codes = [], [], []
    for c in cases:
        n = sections.setdefault(c.split(".")[0], collections.Counter())
        if c not in index:
            n["MISSING"] += 1
            failed.append((c, "MISSING", "the case did not run", ""))
            continue
        r = index[c]
        b, bc = r["behavior"], r["behaviorClose"]
        with open(os.path.join(args.out, r["reportfile"]), encoding="utf8") as f:
            d = json.load(f)
        if b not in verdicts:
            b = "FAILED"
        bad_close = bc in ("FAILED", "UNCLEAN") or (args.strict_close and bc not in ("OK", "INFORMATIONAL"))
        why = []
        if b == "FAILED":
            why.append(d["result"])
        if bad_close and not args.ignore_close:
            why.append("close %s: %s" % (bc, d["resultClose"]))
            if b in ("OK", "NON-STRICT", "INFORMATIONAL"):
                b = "FAILED"
        if b == "UNIMPLEMENTED" and args.fail_unimplemented:
            b = "FAILED"
            why.append("permessage-deflate was not negotiated")
        n[b] += 1
        detail = ""
        if d["expected"] and r["behavior"] != "OK":
            detail = "expected %s, got %s" % (brief(d["expected"].get("OK", d["expected"])), brief(d["received"]))
        if b == "FAILED":
            failed.append((c, b, "; ".join(why), detail))
        elif b == "NON-STRICT":
            notes.append((c, b, detail))
        if bc not in ("OK", "INFORMATIONAL") and not (bad_close and not args.ignore_close):
            codes.append((c, bc, "%s (peer closed with %s)" % (d["resultClose"], d["remoteCloseCode"])))

    total = collections.Counter()
    for s, n in sections.items():
        total.update(n)
        print(line(s, n, verdicts))
    print(line("total", total, verdicts))
    for c, b, d in notes:
        print("%s %s: %s" % (b, c, d))
    for c, b, d in codes:
        print("close of %s: %s: %s" % (c, b, d))
    for c, b, why, d in failed:
        print("%s %s: %s%s" % (b, c, why, " [%s]" % d if d else ""))
    with open(os.path.join(args.out, "summary.json"), "w", encoding="utf8") as f:
        json.dump({"url": args.url, "sections": sections, "total": total,
                   "failed": [{"case": c, "verdict": b, "reason": w, "detail": d} for c, b, w, d in failed],
                   "internal_errors": len(errors)}, f, indent=1)
        f.write("\n")
    for e in errors[:3]:
        print("fuzz: error inside the fuzzing client (a bug of the port or of a plug-in):\n" + e, file=sys.stderr)
    if aborted:
        print("fuzz: " + aborted, file=sys.stderr)
    if errors or aborted or total["MISSING"]:
        return 2
    return 1 if total["FAILED"] else 0


def brief(x):
    s = json.dumps(x)
    return s if len(s) <= 160 else s[:160] + " ..."


def line(name, n, verdicts):
    s = "%s: " % name + ", ".join("%s %d" % (v, n[v]) for v in verdicts[:4])
    return s + "".join(", %s %d" % (v, n[v]) for v in verdicts[4:] if n[v])


def main():
    ap = argparse.ArgumentParser(prog="fuzz", description="Run Autobahn|Testsuite's fuzzing client against a WebSocket "
                                 "server that echoes. Exit: 0 no case failed, 1 some did, 2 the run itself is broken.")
    ap.add_argument("url", metavar="URL", help="ws://127.0.0.1:9001/ (wss:// too, certificate not verified)")
    ap.add_argument("cases", nargs="*", metavar="CASE", help="1.* or 1, 9.1, 6.4.1, 1-7, '12.*.[1-6]'; default: all")
    ap.add_argument("-x", "--exclude", action="append", default=[], metavar="CASE", help="leave these out (repeatable)")
    ap.add_argument("-o", "--out", help="folder of the reports (default: reports in the cache folder)")
    ap.add_argument("--html", action="store_true", help="write the HTML reports too")
    ap.add_argument("--wait", type=float, default=10, metavar="SECS", help="wait so long for the server to listen (10)")
    ap.add_argument("--timeout", type=float, default=3600, metavar="SECS", help="give up after so long (3600)")
    ap.add_argument("--strict-close", action="store_true", help="a wrong close code, or leaving TCP to be closed by the client, fails too")
    ap.add_argument("--ignore-close", action="store_true", help="judge by the behavior alone, not by how the connection was closed")
    ap.add_argument("--fail-unimplemented", action="store_true", help="12.* and 13.* fail where permessage-deflate isn't negotiated")
    ap.add_argument("--list", action="store_true", help="list the ids of the chosen cases and stop (URL is ignored)")
    ap.add_argument("-q", "--quiet", action="store_true", help="no progress")
    args = ap.parse_intermixed_args()
    args.agent = "server"
    args.out = os.path.abspath(args.out or os.environ.get("AUTOBAHN_REPORTS") or "autobahn-reports")

    from twisted.internet import reactor
    from twisted.python import log
    from autobahntestsuite import fuzzing
    from autobahntestsuite.case import Cases
    from autobahn.websocket import utf8validator, xormasker
    if "wsaccel" not in utf8validator.Utf8Validator.__module__ or "wsaccel" not in xormasker.XorMaskerNull.__module__:
        print("fuzz: wsaccel is missing: slow", file=sys.stderr)

    allcases = [".".join(c.__name__[4:].split("_")) for c in Cases]
    allcases.sort(key=lambda c: [int(x) for x in c.split(".")])
    cases = resolve(allcases, args.cases or ["*"])
    if args.exclude:
        out = set(resolve(allcases, args.exclude))
        cases = [c for c in cases if c not in out]
    if not cases:
        die("no case is left to run")
    if args.list:
        print("\n".join(cases))
        return 0

    os.makedirs(args.out, exist_ok=True)
    for pattern in (args.agent + "_case_*.json", args.agent + "_case_*.html", "index.json", "index.html", "summary.json"):
        for f in glob.glob(os.path.join(args.out, pattern)):
            os.remove(f)
    wait_for(args.url, args.wait)

    # An exception in a callback is only logged by Twisted, and would pass as a failed case.
    errors, aborted = [], []
    log.addObserver(lambda ev: errors.append(log.textFromEventDict(ev) or "?") if ev.get("isError") else None)

    class Factory(fuzzing.FuzzingClientFactory):
        done = 0
        start = time.time()

        def createReports(self, produceHtml=True, produceJson=True):
            super().createReports(produceHtml=args.html, produceJson=True)

        def logCase(self, result):
            super().logCase(result)
            Factory.done += 1
            if not args.quiet and (Factory.done % 20 == 0 or result["duration"] > 5000):
                print("%4d/%d %6.1fs case %s %s" % (Factory.done, len(cases), time.time() - Factory.start,
                                                    result["id"], result["behavior"]), file=sys.stderr, flush=True)

        def clientConnectionFailed(self, connector, reason):
            aborted.append("connection failed at case %s: %s" % (self.currentCaseId, reason.getErrorMessage()))
            super().clientConnectionFailed(connector, reason)

    spec = {"outdir": args.out, "servers": [{"agent": args.agent, "url": args.url}],
            "cases": cases, "exclude-cases": [], "exclude-agent-cases": {}}

    def expire():
        aborted.append("gave up after %d seconds" % args.timeout)
        factory.createReports()
        reactor.stop()

    # the suite prints a line for each case
    real, sys.stdout = sys.stdout, open(os.path.join(args.out, "client.log"), "w")
    try:
        factory = Factory(spec)
        reactor.callLater(args.timeout, expire)
        reactor.run()
    finally:
        sys.stdout.close()
        sys.stdout = real
    took = time.time() - Factory.start
    rc = judge(args, cases, errors, aborted[0] if aborted else None)
    print("%d cases in %.1f s, reports in %s" % (len(cases), took, args.out))
    return rc


if __name__ == "__main__":
    rc = main()
    sys.stdout.flush()
    os._exit(rc)
