"""Shells: the scripts that complete `grn` in bash, zsh and fish, the line they send, and the words they take.

A script sends the line up to the cursor as it was typed, and takes lines: what follows (`plain`, `described`, `file` or
`dir`), then a completion each. zsh and fish quote a completion themselves. bash puts it into the line as it stands, in
place of what follows the last word break: so it is quoted here, lest a name such as `$(reboot)` be run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LINE_VARIABLE = "_GRN_LINE"
BREAKS_VARIABLE = "_GRN_BREAKS"
BASH = r"""_grn_completion() {
    local IFS=$'\n' reply
    mapfile -t reply < <(
        _GRN_LINE="${COMP_LINE:0:COMP_POINT}" _GRN_BREAKS="$COMP_WORDBREAKS" _GRN_COMPLETE=bash_complete \
            "${1/#\~\//$HOME/}" 2>/dev/null </dev/null
    )
    case ${reply[0]} in
        file) compopt -o default ;;
        dir) compopt -o dirnames ;;
    esac
    COMPREPLY=("${reply[@]:1}")
}
complete -o nosort -F _grn_completion grn
"""

ZSH = r"""#compdef grn
_grn() {
    local program=${(Q)words[1]} word=${words[CURRENT]%"$SUFFIX"}
    local -a reply values shown
    reply=("${(@f)$(
        _GRN_LINE="${(j: :)words[1,CURRENT-1]} $word" _GRN_COMPLETE=zsh_complete \
            ${program/#\~\//$HOME/} 2>/dev/null </dev/null
    )}")
    values=("${(@)reply[2,-1]%%$'\t'*}")
    shown=("${(@)reply[2,-1]#*$'\t'}")
    case $reply[1] in
        file) _files ;;
        dir) _files -/ ;;
        described) compadd -V grn -l -d shown -a values ;;
        plain) compadd -V grn -a values ;;
    esac
}
if [[ $funcstack[1] == _grn ]]; then
    _grn "$@"
else
    compdef _grn grn
fi
"""

FISH = r"""function __grn_completion
    set -l program (commandline -opc | string replace -r '^~/' $HOME/)[1]
    set -l reply (env _GRN_LINE=(commandline -cp | string collect) _GRN_COMPLETE=fish_complete \
        $program 2>/dev/null </dev/null)
    switch "$reply[1]"
        case file
            __fish_complete_path (commandline -ct)
        case dir
            __fish_complete_directories (commandline -ct) ''
        case '*'
            test (count $reply) -gt 1; and printf '%s\n' $reply[2..-1]
    end
end
complete -c grn -f -k -a '(__grn_completion)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
"""The script of each shell."""

SPECIAL_IN_BASH = re.compile(r"[^\w./:=@%+,\u0080-\U0010ffff-]")
"""A character that bash may not take as it is."""


@dataclass(frozen=True, slots=True)
class Line:
    """A command line up to the cursor.

    Parameters
    ----------
    words : tuple of str
        The words that are complete, without their quotes; the command first.
    word : str
        The word at the cursor, perhaps empty.
    quote : str
        The quote that is open at the cursor, or an empty text.
    kept : str
        The part of the word that the shell leaves as it stands: what is before the last word break of bash.
    """

    words: tuple[str, ...]
    word: str
    quote: str
    kept: str


def parse(text: str, shell: str, breaks: str = "") -> Line:
    """Return a command line that was typed in a shell.

    Parameters
    ----------
    text : str
        The line up to the cursor.
    shell : str
        Which shell: fish knows backslashes between single quotes.
    breaks : str
        The characters that end a word for bash when it completes one, its `COMP_WORDBREAKS`.
    """
    words: list[str] = []
    word: str | None = None
    quote, kept, escaped = "", 0, False
    for character, following in zip(text, [*text[1:], ""], strict=True):
        inside = len(word or "")
        if escaped:
            word, escaped = (word or "") + character, False
        elif character == "\\" and _escapes(quote, following, shell):
            word, escaped = word or "", True
        elif character == quote:
            quote, kept = "", inside
        elif quote or character not in " \t\n'\"":
            word = (word or "") + character
            if not quote and character in breaks:
                kept = inside + 1
        elif character in "'\"":
            word, quote, kept = word or "", character, inside
        elif word is not None:
            words.append(word)
            word, kept = None, 0
    return Line(tuple(words), word or "", quote, (word or "")[: kept if breaks else 0])


def _escapes(quote: str, following: str, shell: str) -> bool:
    """Return whether a backslash before a character takes away its meaning."""
    if quote == "'":
        return shell == "fish" and following in ("'", "\\")
    return not quote or following in ("$", "`", '"', "\\", "\n")


def quoted_for_bash(text: str, quote: str) -> str:
    """Return what is typed for a text in bash, where a quote may be open: bash closes it unless one ends the text."""
    if quote == "'":
        escaped = text.replace("'", r"'\''")
    elif quote:
        escaped = re.sub(r'[$`"\\]', r"\\\g<0>", text).replace("!", r'"\!"')
    else:
        escaped = SPECIAL_IN_BASH.sub(r"\\\g<0>", text)
    return escaped + quote if quote and escaped.endswith(quote) else escaped


def reply(shell: str, line: Line, values: Sequence[tuple[str, str]]) -> list[str]:
    """Return the lines that a script takes for completions of a line, with descriptions that may be empty.

    What cannot be printed is left out: no terminal shall obey a name.
    """
    printable = [(value, about) for value, about in values if value.isprintable() and about.isprintable()]
    if shell == "bash":
        return ["plain", *(quoted_for_bash(value[len(line.kept) :], line.quote) for value, _ in printable)]
    if not any(about for _, about in printable):
        return ["plain", *(value for value, _ in printable)]
    if shell == "fish":
        return ["described", *(f"{value}\t{about}" for value, about in printable)]
    width = max(len(value) for value, _ in printable)
    return ["described", *(f"{value}\t{value.ljust(width)}  {about}" for value, about in printable)]
