"""The audit page: one HTML file that holds every specification and estimate, with passports."""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reintegration.audit.explain_text import FEW_DF
from reintegration.errors import StudyError
from reintegration.report import links
from reintegration.report.audit.blocks import embedded
from reintegration.report.audit.content import Content, gather
from reintegration.report.audit.passports import Sources
from reintegration.report.settings import Settings

REPORT = Path(__file__).parent.parent
TEMPLATES = REPORT / "templates" / "audit"
LIBRARY = REPORT / "vendor" / "tabulator-6.5.3"
# The page's own scripts, in the order in which they are put together.
SCRIPTS = ("words.js", "data.js", "plots.js", "parts.js", "passport.js", "tables.js", "main.js")
STYLES = ("audit.css",)
_NUMBERS = ("decimal", "thousands", "percent", "interval")


def run_audit_page(
    inputs: Mapping[str, str | Path],
    page: str | Path,
    config: Mapping[str, Any],
    *,
    uses: str | Path,
    sources: Sources,
) -> None:
    """Write the audit page.

    Parameters
    ----------
    inputs
        Files of results by name: `outputs.AUDIT_INPUTS`.
    page
        The HTML file to write.
    config
        Sections of the configuration, plain: `outputs.SECTIONS`.
    uses
        Which number the study's page shows where.
    sources
        Files of the audit; the page says which of them there is not.

    Raises
    ------
    StudyError
        If a file of results is missing or cannot be read.
    """
    settings = Settings.from_config(config)
    html = render(settings, gather(inputs, settings, uses, sources))
    page = Path(page)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(html, encoding="utf-8")


def render(settings: Settings, content: Content) -> str:
    """Put the page together: texts, data, and the scripts that show them."""
    language = settings.language
    setup = {
        "texts": language.text("audit_page"),
        "language": language.code,
        "numbers": {key: language.text(f"numbers.{key}") for key in _NUMBERS},
        "data": settings.data_label,
        "countries": content.countries,
        "level": language.share(settings.inference.confidence_level, 0),
        "minimum": settings.minimum_cell,
        "few_df": FEW_DF,
    }
    scripts = [_library("tabulator.min.js"), _own(SCRIPTS)]
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    world = settings.data.world.stem if settings.data.world else ""
    return environment.get_template("audit.html").render(
        language=language.code,
        title=settings.study.title,
        mark=settings.mark,
        banner=language.say("page.banner", world=world) if settings.simulated else "",
        say=lambda key, **values: language.say(f"audit_page.{key}", **values),
        study=links.STUDY,
        setup=json_in_html(setup),
        tables=Markup(embedded(content.tables)),
        blocks=[Markup(embedded(block.content)) for block in content.blocks],
        styles=[_library("tabulator.min.css"), _own(STYLES)],
        scripts=scripts,
        allowed=" ".join(_hash(script) for script in scripts),
    )


def json_in_html(content: Any) -> Markup:
    """JSON that cannot end the script element it stands in, nor begin a comment."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)


def _library(name: str) -> Markup:
    """A bundled file without the address of its map, which a browser would ask for."""
    lines = (LIBRARY / name).read_text(encoding="utf-8").splitlines()
    return _code("\n".join(line for line in lines if "sourceMappingURL" not in line), name)


def _own(names: tuple[str, ...]) -> Markup:
    return _code("\n".join((TEMPLATES / n).read_text(encoding="utf-8") for n in names), names[0])


def _code(text: str, name: str) -> Markup:
    """A script or style as it stands in the page, which it must not end."""
    if "</script" in text.lower() or "</style" in text.lower() or "<!--" in text:
        raise StudyError("The audit page cannot be made.", [f"{name}: would end its element"])
    return Markup(f"\n{text}\n")


def _hash(script: str) -> str:
    """The name by which the page's policy knows a script; no other is run."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
