#!/usr/bin/env python3
"""What transformers makes of the chat templates of real models, as digests: the templates are others', and stay out of here.

For every template in a folder (scripts/oracle/install puts llama.cpp's collection into node_modules/.templates) and every
conversation: the beginning of the text's SHA-256, or "!" and that of the message where the template or Python refuses.

usage: make-real.py TEMPLATES_DIR CONVERSATIONS.json OUT.json
"""

import copy
import datetime
import hashlib
import json
import sys
from pathlib import Path

import transformers
from transformers.utils.chat_template_utils import render_jinja_template

NOW = datetime.datetime(2026, 3, 7, 9, 5, 2)
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}


def digest(text):
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def render(template, conversation, prompt):
    try:
        texts, _ = render_jinja_template([copy.deepcopy(conversation["messages"])], tools=conversation.get("tools"),
                                         chat_template=template, add_generation_prompt=prompt, strftime_now=NOW.strftime, **TOKENS)
        return digest(texts[0])[:12]
    except Exception as error:  # whatever Python says is what is asked for
        return "!" + digest(str(error))[:12]


def main():
    folder, conversations, out = sys.argv[1:]
    conversations = json.loads(Path(conversations).read_text(encoding="utf-8"))
    lines = []
    for path in sorted(Path(folder).glob("*.jinja")):
        template = path.read_text(encoding="utf-8")
        entry = {"name": path.stem, "sha256": digest(template),
                 "digests": [render(template, c, prompt) for c in conversations for prompt in (False, True)]}
        lines.append(json.dumps(entry, separators=(",", ":")))
    Path(out).write_text('{"transformers":"%s","templates":[\n%s\n]}\n' % (transformers.__version__, ",\n".join(lines)), encoding="utf-8")


if __name__ == "__main__":
    main()
