#!/usr/bin/env python3
"""Renders the templates of cases.py with live jinja2, as golden data for Foregate's tests.

The environment is the one that transformers sets up for chat templates. All single templates are kept, and of the products
of values with filters, tests and operators a part that is chosen by a checksum.

usage: make-golden.py OUT.json
"""

import copy
import datetime
import json
import re
import sys
import zlib

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

import cases

NOW = datetime.datetime(2026, 3, 7, 9, 5, 2)
KEPT = 6  # of how many products one is kept

# What Foregate says or does otherwise, and means to.
LEFT_OUT = [
    (r"safe\|filesize|namespace\(a=1\)\||raise_exception\(\)|now\(\)|\*\*5", "Python names what only Python has"),
    (r"\bself\b", "a reference to blocks, which has nothing to inherit from"),
    (r"random|lipsum|urlize", "another text each time, or HTML: refused"),
    (r"\{% (extends|include|import|from) ", "asks for a loader: refused in a sentence of its own"),
    (r"\.encode|translate|maketrans", "makes bytes: refused"),
    (r"'<b>'\|safe|'abc'\|safe\)\.", "Markup's own wording of wrong arguments"),
    (r"^\{\{ \(?([-\d'\[({]).*\)?\[[^\]]*:", "a slice of a constant: jinja2 folds some to nothing instead of failing"),
    (r"is (filter|test) ", "Python fails for lists, which no name is"),
    (r"__class__|_x", "the sandbox's wording differs by what is looked at"),
    (r"'\{.*\}'\.format|'\{'|'\}'", "messages of str.format"),
    (r"\(-7\) \*\* \(2.5\)", "complex numbers"),
]


class Tracker(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_written"), [], [], body).set_lineno(line)

    @jinja2.pass_eval_context
    def _written(self, context, caller):
        return caller()


def environment():
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Tracker, jinja2.ext.loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda format: NOW.strftime(format)
    return env


def render(env, template):
    try:
        return {"template": template, "expected": env.from_string(template).render(**copy.deepcopy(cases.VARIABLES))}
    except SyntaxError:
        return None  # of the Python that jinja2 makes
    except jinja2.exceptions.TemplateSyntaxError as error:
        return {"template": template, "error": error.message, "line": error.lineno}
    except Exception as error:
        return {"template": template, "error": str(error)}


def is_kept(template):
    if any(re.search(pattern, template) for pattern, _ in LEFT_OUT):
        return False
    product = re.match(r"\{\{ \S+(\||\.| is | [-+*/%~=!<>a-z]+ \()|\{\{ \(", template)
    return not product or zlib.crc32(template.encode()) % KEPT == 0


def main():
    env = environment()
    golden = [render(env, template) for template in dict.fromkeys(cases.cases()) if is_kept(template)]
    golden = [case for case in golden if case and " at 0x" not in json.dumps(case).lower()]
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        variables = json.dumps({"variables": cases.VARIABLES})
        out.write("[\n" + ",\n".join([variables] + [json.dumps(case) for case in golden]) + "\n]\n")


if __name__ == "__main__":
    main()
