"""Rules 21 to 26 and 30: what is wrong with the texts of a dialogue."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import msgspec

from genesis.checks.lexicon import ENGLISH, FUNCTION_WORDS
from genesis.checks.schema import shown
from genesis.checks.view import MOST_MESSAGES, MOST_TEXT, MOST_TOOLS, REPEATING, REPEATING_USER, Flag, View

MAX_CONTENT = 100_000
"""Characters of one message."""
MAX_ARGUMENTS = 100_000
"""Characters of one text argument."""
_CALL_TEXT = re.compile(
    r"</?tool_call>|</?function(?:_call)?[=>]|<\|[a-z_]{1,40}\|>|\[TOOL_CALLS\]|<｜|functions\.\w{1,64}\("
    r"|\A\s{0,20}\[\w[\w.]{0,64}\(.*\)\]\s*\Z"
    r"|\{\s*\"name\"\s*:\s*\"[^\"]+\"\s*,\s*\"(?:arguments|parameters)\"",
    re.DOTALL,
)
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffd\ufffe\uffff]")
_DOUBTFUL = re.compile("[\u202a-\u202e\u2066-\u2069\x80-\x9f]|Ã[\x80-\xbf©¨§ª]|â€")
_SCRIPTS = {
    "Chinese or Japanese": re.compile("[\u3040-\u30ff\u3400-\u9fff]"),
    "Korean": re.compile("[\uac00-\ud7af]"),
    "Cyrillic": re.compile("[\u0400-\u04ff]"),
    "Arabic": re.compile("[\u0600-\u06ff]"),
    "Hebrew": re.compile("[\u0590-\u05ff]"),
    "Devanagari": re.compile("[\u0900-\u097f]"),
    "Thai": re.compile("[\u0e00-\u0e7f]"),
    "Greek": re.compile("[\u0370-\u03ff]"),
}
_FOREIGN: dict[str, list[str]] = {}
for _name, _words in FUNCTION_WORDS.items():
    for _word in _words - ENGLISH:
        _FOREIGN.setdefault(_word, []).append(_name)
_JSON_ONLY = re.compile(
    r"(?i)\b(?:respond|reply|answer|output)\b[^.\n]{0,30}\b(?:only|strictly|valid)\b[^.\n]{0,20}\bjson\b"
)
_WORD_LIMIT = re.compile(r"(?i)\b(?:at most|no more than|maximum of|under|within) (\d{1,3}) words\b")
_ENDS = re.compile(r"[.!?]+(?=\s|$)|\n+")


def no_empty_content(view: View) -> Iterator[str]:
    """No empty user or tool message (ToolForge)."""
    for at, message in enumerate(view.messages):
        if not message.content.strip() and message.role in ("user", "tool", "system"):
            yield f"message {at}: the {message.role} message is empty"


def content_format(view: View) -> Iterator[str]:
    """An assistant message says something or calls, and its text holds no raw call or template mark (ToolForge)."""
    for at, message in enumerate(view.messages):
        if message.role != "assistant":
            continue
        content = message.content
        if not message.tool_calls and not content.strip():
            yield f"message {at}: the assistant neither says nor calls anything"
        elif content:
            if ("<" in content or "{" in content or "(" in content) and (found := _CALL_TEXT.search(content)):
                yield f"message {at}: the text holds a call or a template's mark: {shown(found[0])}"
            if content.count("<think>") != content.count("</think>"):
                yield f"message {at}: <think> is opened and not closed, or closed and not opened"


def system_conflict(view: View) -> Iterator[str]:
    """No conflict with the format that the system message asks for (ToolACE): JSON only, a limit of words."""
    if not view.messages or view.messages[0].role != "system":
        return
    system = view.messages[0].content
    wants_json = _JSON_ONLY.search(system) is not None
    limit = _WORD_LIMIT.search(system)
    if not wants_json and limit is None:
        return
    for at, message in enumerate(view.messages):
        if message.role != "assistant" or message.tool_calls:
            continue
        if wants_json and not _is_json(message.content):
            yield Flag(f"message {at}: the system message asks for JSON only; the answer is other text")
        if limit is not None and len(message.content.split()) > int(limit[1]):
            yield Flag(f"message {at}: {len(message.content.split())} words; the system message allows {limit[1]}")


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def lengths(view: View) -> Iterator[str]:
    """Lengths are under the caps (ToolACE, ShoppingBench)."""
    if len(view.messages) > MOST_MESSAGES:
        yield f"{len(view.messages)} messages; at most {MOST_MESSAGES}"
    if len(view.tools) > MOST_TOOLS:
        yield f"{len(view.tools)} tools on offer; at most {MOST_TOOLS}"
    total = 0
    for at, message in enumerate(view.messages):
        total += len(message.content)
        if len(message.content) > MAX_CONTENT:
            yield f"message {at}: {len(message.content)} characters; at most {MAX_CONTENT}"
    if total > MOST_TEXT:
        yield f"{total} characters in all; at most {MOST_TEXT}"
    for spot in view.calls:
        for name, value in spot.call.arguments.items():
            if isinstance(value, str) and len(value) > MAX_ARGUMENTS:
                yield f"{spot.where}: argument '{name}' has {len(value)} characters; at most {MAX_ARGUMENTS}"


def characters(view: View) -> Iterator[str]:
    """No control characters, lone surrogates, replacement marks (ToolACE); bidi overrides, mojibake are flagged."""
    for at, message in enumerate(view.messages):
        text = message.content
        if text.isprintable() and text.isascii():
            continue
        if found := _ILLEGAL.search(text):
            yield f"message {at}: the invalid character U+{ord(found[0]):04X} at {found.start()}"
        elif not text.isascii() and (found := _DOUBTFUL.search(text)):
            yield Flag(
                f"message {at}: {found[0]!r} at {found.start()} looks like damage or hides the order of the text"
            )
    for spot in view.calls:
        for name, value in spot.call.arguments.items():
            if isinstance(value, str) and not value.isprintable() and (found := _ILLEGAL.search(value)):
                yield f"{spot.where}: argument '{name}' holds the invalid character U+{ord(found[0]):04X}"


def one_language(view: View) -> Iterator[str]:
    """User and assistant speak one language (ToolACE): one script, one set of function words."""
    spoken = [
        (at, message)
        for at, message in enumerate(view.messages)
        if (message.role == "user" or message.role == "assistant") and len(message.content) > 11
    ]
    if len(spoken) < 2:
        return
    scripts: dict[str, int] = {}
    for at, message in spoken:
        scripts.setdefault(_script(message.content), at)
    if len(scripts) > 1:
        (one, first), (other, second) = sorted(scripts.items(), key=lambda item: item[1])[:2]
        reason = f"message {second} is in {other} script, message {first} in {one}"
        yield reason if view.messages[first].role != view.messages[second].role else Flag(reason)
        return
    words = [(at, message.content.lower().split()) for at, message in spoken]
    if all(_FOREIGN.keys().isdisjoint(said) for _, said in words):
        return
    languages: dict[str, int] = {}
    for at, said in words:
        if language := _language(said):
            languages.setdefault(language, at)
    if len(languages) > 1:
        (one, first), (other, second) = sorted(languages.items(), key=lambda item: item[1])[:2]
        yield Flag(f"message {second} reads like {other}, message {first} like {one}")


def _script(text: str) -> str:
    if not text.isascii():
        for name, pattern in _SCRIPTS.items():
            letters = len(pattern.findall(text))
            if letters >= 4 and letters * 5 > len(text):
                return name
    return "Latin"


def _language(words: list[str]) -> str:
    """Return the language the function words speak for, or an empty text where they do not say."""
    hits: Counter[str] = Counter()
    for word in set(words):
        for language in _FOREIGN.get(word, ()):
            hits[language] += 1
    english = len(ENGLISH.intersection(words))
    if hits:
        best, count = max(hits.items(), key=lambda item: (item[1], item[0]))
        if count >= 3 and count > english:
            return best
        return "English" if english > count else ""
    return "English" if english >= 2 else ""


def repetition(view: View) -> Iterator[str]:
    """No heavy repetition (AgentScaler; ToolACE by a model): a sentence three times, an answer given again."""
    seen: dict[str, int] = {}
    for at, message in enumerate(view.messages):
        text = message.content
        if message.role == "assistant" and len(text) > REPEATING:
            if text in seen:
                yield Flag(f"message {at}: the same text as message {seen[text]}")
            seen.setdefault(text, at)
        if (
            len(text) > REPEATING_USER
            and message.role in ("user", "assistant")
            and text.count(". ") + text.count("\n") > 1
        ):
            sentences = [sentence for sentence in _ENDS.split(text) if len(sentence) > 16]
            if len(sentences) > 2 and len(set(sentences)) < len(sentences):
                sentence, count = Counter(sentence.strip().lower() for sentence in sentences).most_common(1)[0]
                if count >= 3:
                    yield f"message {at}: the sentence {shown(sentence)} stands {count} times"
