#!/usr/bin/env python3
"""Renders chat templates as Hugging Face's transformers does, as golden data for Foregate's tests.

transformers' own environment (jinja2, sandboxed, immutable; trim_blocks, lstrip_blocks, loop controls) renders every
template over the same conversations. What a template refuses is recorded as its message.

usage: make-golden.py TEMPLATES_DIR OUT.json
"""

import datetime
import json
import sys
from pathlib import Path

from jinja2.exceptions import TemplateError
from transformers.utils.chat_template_utils import render_jinja_template


NOW = datetime.datetime(2026, 3, 7, 9, 5, 2)  # the day that templates print


def say(*parts):
    roles = {"S": "system", "U": "user", "A": "assistant"}
    return [{"role": roles[part[0]], "content": part[1:]} for part in parts]


CONVERSATIONS = [
    say("UHello!"),
    say("SYou are brief.", "UHello!"),
    say("UHi", "AHello. How can I help?", "UWrite a haiku.\nAbout GPUs."),
    say("S  You speak German. \n", "U  Hallo \n", "A  Guten Tag!\n\n", "U  Tsch\u00fcss <|im_end|> "),
    say("UOne", "ATwo", "UThree", "AFour"),
    say("U{{ 7 * 7 }} {% if x %} {# c #} \\n 'quoted' \"double\" \\ back", "A", "U\u4f60\u597d \U0001f600\n\n```py\nprint('x')\n```"),
    say("A<think>I wonder.</think>\n\nI start.", "UOh."),
    say("UA", "SB", "UC"),
    say("U", "A "),
]


def main():
    golden = []
    for path in sorted(Path(sys.argv[1]).glob("*.jinja")):
        template = path.read_text(encoding="utf-8")
        for conversation in CONVERSATIONS:
            for prompt in (False, True):
                case = {"template": path.name, "messages": conversation, "add_generation_prompt": prompt}
                try:
                    rendered, _ = render_jinja_template([conversation], chat_template=template, add_generation_prompt=prompt,
                                                        bos_token="<s>", eos_token="</s>", strftime_now=NOW.strftime)
                    case["expected"] = rendered[0]
                except (TemplateError, TypeError) as error:
                    case["error"] = str(error)
                golden.append(case)
    Path(sys.argv[2]).write_text("[\n" + ",\n".join(json.dumps(case) for case in golden) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
