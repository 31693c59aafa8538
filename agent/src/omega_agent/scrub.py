"""Takes obvious secrets out of command lines before they leave the machine."""

import re

SECRETS = "passw(?:or)?d|passphrase|pwd|secret|token|credential|(?:api|access|private|auth|secret)[_-]?key"
# The bounds keep a hostile command line from costing time; no option's name is that long.
SECRET_NAME = rf"[\w.-]{{0,60}}?(?:{SECRETS})[\w.-]{{0,60}}"
NAME_START = r"(?<![\w.-])"
WHOLE_WORD = re.compile(rf"(?i)^({SECRET_NAME}[=:]).+", re.DOTALL)
WITHIN = re.compile(rf"(?i)({NAME_START}{SECRET_NAME}\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s&;,]+)")
FOLLOWING = re.compile(rf"(?i)((?<!\S)-{SECRET_NAME}\s+)(?!-)\S+")
AUTHORIZATION = re.compile(r"(?i)\b((?:bearer|basic)\s+)\S+")
IN_ADDRESS = re.compile(r"(\w{1,20}://[^\s:/@]{0,60}:)[^\s@/]+@")
AGENT_KEY = re.compile(r"\bom[a-z]_\w{6,}")
HIDDEN = "***"
LONGEST = 256


def scrub_command(words: list[str]) -> str:
    """The command line without values that look like secrets, at most 256 characters.

    Only obvious spellings are known (`--password=x`, `--token x`, `user:x@host`); it is a net, not a wall.
    """
    line = " ".join(WHOLE_WORD.sub(rf"\1{HIDDEN}", word[: LONGEST * 2]) for word in words[:LONGEST])
    line = IN_ADDRESS.sub(rf"\1{HIDDEN}@", line[: LONGEST * 2])
    line = AUTHORIZATION.sub(rf"\1{HIDDEN}", line)
    line = WITHIN.sub(rf"\1{HIDDEN}", line)
    line = FOLLOWING.sub(rf"\1{HIDDEN}", line)
    line = AGENT_KEY.sub(HIDDEN, line)
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
