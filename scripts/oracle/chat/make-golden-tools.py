#!/usr/bin/env python3
"""Renders templates over conversations with tools, calls, thought and unusual roles, as Hugging Face's transformers does.

usage: make-golden-tools.py TEMPLATES_DIR CONVERSATIONS.json OUT.json
"""

import copy
import datetime
import json
import sys
from pathlib import Path

from transformers.utils.chat_template_utils import render_jinja_template

NOW = datetime.datetime(2026, 3, 7, 9, 5, 2)  # the day that templates print


def main():
    folder, conversations, out = sys.argv[1:]
    conversations = json.loads(Path(conversations).read_text(encoding="utf-8"))
    golden = []
    for path in sorted(Path(folder).glob("*.jinja")):
        template = path.read_text(encoding="utf-8")
        for conversation in conversations:
            for prompt in (False, True):
                case = {"template": path.stem, "conversation": conversation["name"], "add_generation_prompt": prompt}
                try:
                    texts, _ = render_jinja_template([copy.deepcopy(conversation["messages"])], tools=conversation.get("tools"),
                                                     chat_template=template, add_generation_prompt=prompt, bos_token="<s>",
                                                     eos_token="</s>", strftime_now=NOW.strftime)
                    case["expected"] = texts[0]
                except Exception as error:  # whatever Python says is what is asked for
                    case["error"] = str(error)
                golden.append(json.dumps(case, ensure_ascii=False))
    Path(out).write_text("[\n" + ",\n".join(golden) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
