"""What somebody wrote in words, out of what stands in a comment: no code, quotes, logs or links."""

import re
from typing import Literal

Unreadable = Literal["no_words", "not_english"]

_FENCES = re.compile(r"(?ms)^[ \t]*(`{3,}|~{3,}).*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)|```.*?(?:```|\Z)")
_HIDDEN = re.compile(r"(?is)<!--.*?(?:-->|\Z)|<details\b.*?(?:</details>|\Z)|<pre\b.*?</pre>")
_LINES = re.compile(
    r"(?m)^(?:"
    r"[ \t]*>.*"  # quotes, and what an e-mail says before them
    r"|On .{5,200} wrote:[ \t]*"
    r"|(?: {4}|\t).*"  # code that is indented
    r"|[ \t]*#{1,6}[ \t].*"  # headings and boxes to tick are a template's words
    r"|[ \t]*[-*+][ \t]+\[[ xX]\].*"
    r"|[ \t]*\|.*\|[ \t]*"  # tables
    r"|[ \t]*(?:at [\w.$<>/]+\(.*|File \".*\", line \d+.*|Traceback \(most recent.*"
    r"|(?:[\w.]+\.)?\w*(?:Error|Exception|Warning): .*|\.\.\. \d+ more[ \t]*)"
    r"|[ \t]*\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*"  # lines of a log
    r"|[ \t]*\[?(?:DEBUG|INFO|WARN|WARNING|ERROR|FATAL|TRACE)\]?:? .*"
    r"|[ \t]*[$#%][ \t]+\S.*"  # a shell's prompt
    r"|[ \t]*(?:Signed-off-by|Co-authored-by|Reviewed-by|Acked-by|Tested-by): .*"
    r")$"
)
_INLINE = re.compile(r"``[^\n]+?``|`[^`\n]*`")
_LINKS = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
_TAGS = re.compile(r"</?[a-zA-Z][^<>\n]{0,200}>")
_ADDRESSES = re.compile(r"(?:https?|ftp|git|ssh)://\S+|www\.\S+")
_MENTIONS = re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.]+|(?<![\w/])@[A-Za-z0-9][\w-]*(?:/[\w.-]+)?")
_REFERENCES = re.compile(r"(?:[\w.-]+/[\w.-]+)?#\d+\b|\bGH-\d+\b")
_HASHES = re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{7,40}\b")
_REMOVED = (
    (("```", "~~~"), _FENCES, " "), (("<",), _HIDDEN, " "), (("",), _LINES, " "),
    (("`",), _INLINE, " "), (("](",), _LINKS, r"\1"), (("<",), _TAGS, " "),
    (("://", "www."), _ADDRESSES, " "), (("@",), _MENTIONS, " "), (("#", "GH-"), _REFERENCES, " "),
    (tuple("0123456789"), _HASHES, " "),
)  # fmt: skip
"""In this order, each only where something it begins with is there: most texts have none."""
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[^\W\d_]+")
_ASCII_WORD = re.compile(r"[a-z]+")
_FACE = re.compile(r":[a-z0-9_+-]+:|[:;=8][-']?[()DPp/|*]|<3|[☀-➿\U0001F300-\U0001FAFF]")

_ENGLISH_WORDS = """
the a an and or but if of to in on for with from by at as is are was were be been it its this
that these those there here i we you he she they me us my our your their not no yes do does did
have has had can could will would should may might what which when where why how who all any
some more than then so too just also only very please thanks thank good bad nice great sorry fix
fixed work works working use used using need needs think know see get got make looks like lgtm
hi hello ok okay cool awesome done sure right wrong same still now after before out up
"""
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_OTHERS_WORDS = """
der das und oder nicht ist sind ein eine einen mit für auf wenn aber auch ich wir sie wird
werden danke bitte kann le la les un une des du et ou est sont avec pour dans que qui pas nous
vous merci ce cette mais sur el los las una unos es son con por para en se lo al del gracias
pero como muy os uma um são com por não na em obrigado mas il gli di sono che non per grazie
questo ma het een niet van voor met dat maar ik wij bedankt och att det som inte är på jag tack
nie jest się że dla jak dziękuję ve bir bu için değil
"""
_OTHERS = frozenset(_OTHERS_WORDS.split()) - _ENGLISH
_FOREIGN_LETTERS = 0.3
_ENOUGH_WORDS = 2


def plain(markdown: str) -> str:
    """In one line; empty where nothing is left."""
    text = markdown.replace("\r\n", "\n")
    for marks, pattern, instead in _REMOVED:
        if any(map(text.__contains__, marks)):
            text = pattern.sub(instead, text)
    return _SPACE.sub(" ", text).strip(' "')


def unreadable(text: str) -> Unreadable | None:
    """Why nobody who reads English alone could tell the tone of it; None where they could."""
    words = (_ASCII_WORD if text.isascii() else _WORD).findall(text.lower())
    if not words:
        return None if _FACE.search(text) else "no_words"
    if not text.isascii():
        letters = "".join(words)
        if sum(not one.isascii() for one in letters) > _FOREIGN_LETTERS * len(letters):
            return "not_english"
    others = sum(map(_OTHERS.__contains__, words))
    english = sum(map(_ENGLISH.__contains__, words))
    return "not_english" if others > english and others >= _ENOUGH_WORDS else None
