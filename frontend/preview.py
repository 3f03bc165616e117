"""Render every page with sample data, in every language, to look at.

    python frontend/preview.py OUTDIR

writes OUTDIR/<language>/<page>.html and an index. Serve it as the root of a site, for pages need /assets/:
`python -m http.server --bind 127.0.0.1 --directory OUTDIR`.
"""

import argparse
import sys
from pathlib import Path

from markupsafe import Markup
from preview_samples import samples
from preview_samples.people import ADMIN, ALICE
from preview_samples.sample import Sample

from vestibule.catalog import LANGUAGES
from vestibule.frontends.http.assets import URL_PREFIX, Assets, AssetsMissing, load_assets
from vestibule.frontends.http.templates import Pages, make_pages
from vestibule.frontends.http.templates.views import Frame, Tenancy

TENANTS = (
    Tenancy("Example GmbH", "/console/demo/", is_current=True),
    Tenancy("Vestibule", "/console/system/"),
)


def frame_of(sample: Sample, language: str) -> Frame:
    """Return the frame in which a sample is shown."""
    is_console = sample.door == "console"
    person = ADMIN if is_console else ALICE
    return Frame(
        language=language,
        csrf_token="sample",
        path=f"/{language}/{sample.name}.html",
        door=sample.door,
        root=f"/{sample.door}",
        base="/console/demo" if is_console and sample.is_signed_in else f"/{sample.door}",
        person=person.display_name if sample.is_signed_in else "",
        tenants=TENANTS if is_console and sample.is_signed_in else (),
        notices=sample.notices,
    )


def write(folder: Path, assets: Assets, pages: Pages) -> int:
    """Write every sample in every language and what they refer to; return how many pages there are."""
    _write_assets(folder, assets)
    links: list[Markup] = []
    for language in LANGUAGES:
        (folder / language).mkdir(parents=True, exist_ok=True)
        for sample in samples():
            html = pages.render(sample.page, frame_of(sample, language), **sample.variables)
            (folder / language / f"{sample.name}.html").write_text(html, encoding="utf-8")
            links.append(Markup('<li><a href="{0}/{1}.html">{0} {1}</a></li>').format(language, sample.name))
    (folder / "index.html").write_text(f"<ul>{''.join(links)}</ul>", encoding="utf-8")
    return len(links)


def _write_assets(folder: Path, assets: Assets) -> None:
    target = folder / URL_PREFIX.strip("/")
    target.mkdir(parents=True, exist_ok=True)
    for name, asset in assets.served.items():
        (target / name).write_bytes(asset.content)


def main() -> int:
    parser = argparse.ArgumentParser(description="Render every page with sample data.")
    parser.add_argument("folder", type=Path, help="where to write")
    folder: Path = parser.parse_args().folder
    try:
        assets = load_assets()
    except AssetsMissing as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"{write(folder, assets, make_pages(assets))} pages in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
