"""What is wrong with a file that is not YAML, in words for its writer."""

import re

import yaml

_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # those of YAML
_CLOSE = {"[": "]", "{": "}"}
_TEXT_WITH_COLON = "put a text that holds `: ` in quotes"

_TAB = "begins with a tab; indent with spaces"


def what_is_wrong(text: str, error: yaml.YAMLError) -> str:
    """Say in which line a text stops being YAML, and why: `line 3: a `[` is not closed`."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        line, why = _marked(text, error, error.problem_mark)
        return f"line {line + 1}: {why}"
    if isinstance(error, yaml.reader.ReaderError):
        character = error.character
        if isinstance(character, int):
            character = chr(character)
        line = text.count("\n", 0, max(text.find(str(character)), 0))
        return f"line {line + 1}: holds a control character, which cannot be seen; delete it"
    return " ".join(str(error).split())


def _marked(text: str, error: yaml.MarkedYAMLError, mark: yaml.Mark) -> tuple[int, str]:
    """Find the line (from 0) that has to be mended, and say why."""
    lines = _BREAK.split(text)
    line, problem = mark.line, error.problem or ""
    here = lines[line] if line < len(lines) else ""
    if "quoted scalar" in (error.context or "") and "end of stream" in problem:
        start = error.context_mark or mark
        sign = lines[start.line][start.column : start.column + 1]
        return start.line, f"a quote {sign} is not closed"
    if "flow" in (error.context or "") or "node content" in problem:
        if opened := _opened(text):
            return opened[-1][1], f"a `{opened[-1][0]}` is not closed"
        return line, "a comma or a value is missing, or a bracket is one too many"
    at = here[mark.column : mark.column + 1]
    if "cannot start any token" in problem:
        if at == "\t":
            return line, _TAB
        return line, f"a value cannot begin with {at}; put the value in quotes"
    if "tab character" in problem:
        return line, _TAB
    if "mapping values are not allowed" in problem:
        return _colon(lines, line, mark.column)
    if problem.startswith(("did not find expected '-'", "expected <block end>")) or (
        "did not find expected key" in problem
    ):
        return line, "is not indented as the lines that it belongs to"
    if "another document" in problem:
        return line, "`---` begins a second document; keep one"
    if "could not determine a constructor" in problem:
        return line, "a value cannot begin with !; put the value in quotes"
    if "undefined alias" in problem:
        return line, "a value cannot begin with *; put the value in quotes"
    if "unhashable" in problem:
        return line, "a list or a mapping cannot be a key"
    return line, problem


def _colon(lines: list[str], line: int, column: int) -> tuple[int, str]:
    """Say why a `:` cannot stand where it does."""
    if ": " in lines[line][:column]:
        return line, f"holds `: ` twice; {_TEXT_WITH_COLON}"
    above = next((n for n in range(line - 1, -1, -1) if lines[n].strip()), None)
    if above is None:
        return line, f"a `:` cannot stand here; {_TEXT_WITH_COLON}"
    indent = [len(lines[n]) - len(lines[n].lstrip(" -")) for n in (above, line)]
    if ":" not in lines[above] and indent[0] == indent[1]:
        return above, "there is no `:` after the key"
    return line, f"is indented further than line {above + 1}, whose key has its value already"


def _opened(text: str) -> list[tuple[str, int]]:
    """List the brackets that are never closed, with their lines (from 0)."""
    opened: list[tuple[str, int]] = []
    ends = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)
    try:
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            sign = text[token.start_mark.index : token.start_mark.index + 1]
            if isinstance(token, yaml.FlowSequenceStartToken | yaml.FlowMappingStartToken):
                opened.append((sign, token.start_mark.line))
            elif opened and sign == _CLOSE[opened[-1][0]] and isinstance(token, ends):
                opened.pop()
    except yaml.YAMLError:
        pass  # the rest cannot be told apart; what is open so far is
    return opened
