#!/usr/bin/env python3
"""Renders templates with jinja2, set up as Hugging Face's transformers sets it up: a reference that needs nothing but jinja2.

Reads one JSON object a line, {"template": .., "variables": {..}}, and answers each on a line of its own: the same object with
"expected", the text, or with "error", the message. strftime_now is frozen, so that texts repeat. With --short the answers leave
the variables out; with --check it only says which jinja2 there is.

usage: reference.py [--check | --short] < CASES.jsonl > ANSWERS.jsonl
"""

import datetime
import json
import signal
import sys

import jinja2
import jinja2.ext
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = datetime.datetime(2026, 3, 7, 9, 5, 2)
SECONDS = 5


class Generation(jinja2.ext.Extension):
    """transformers' {% generation %} block, which leaves its text as it is."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_same"), [], [], body).set_lineno(line)

    def _same(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def environment():
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = NOW.strftime
    return env


def too_long(_signal, _frame):
    raise TimeoutError("takes too long")


def answer(env, case):
    signal.alarm(SECONDS)
    try:
        case["expected"] = env.from_string(case["template"]).render(**case["variables"])
    except Exception as error:  # whatever Python says is what is asked for
        case["error"] = str(error)
    finally:
        signal.alarm(0)
    return case


def main():
    if "--check" in sys.argv:
        print(jinja2.__version__)
        return
    signal.signal(signal.SIGALRM, too_long)
    env = environment()
    for line in sys.stdin:
        case = answer(env, json.loads(line))
        if "--short" in sys.argv:
            del case["variables"]
        print(json.dumps(case), flush=True)


if __name__ == "__main__":
    main()
