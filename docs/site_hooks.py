"""What mkdocs does besides: pages that lie outside of docs/, and links to them.

READMEs and files of the examples, and whatever else a page links to by a path of the
repository, become part of the site at the same path. So all links work in a checkout
as they do on the site.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"(?<=\]\()(\.\.?/[^)#\s]*|[^)#:\s/][^)#:\s]*)(?=[)#])")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
DIRECTIVE = re.compile(r"^<!-- test: .* -->\n", re.MULTILINE)


def on_files(files, config):
    """Take what pages link to, and what that links to, into the site."""
    todo = [(f.src_uri, f.content_string) for f in files.documentation_pages()]
    todo.append(("index.md", "".join(f"[](../{path.relative_to(ROOT)})" for path in ROOT.glob("examples/**/README.md"))))
    while todo:
        name, text = todo.pop()
        for target in targets(place(name), text):
            if files.get_file_from_path(target):
                continue
            content = (ROOT / target).read_bytes()
            files.append(File.generated(config, target, content=content))
            if target.endswith(".md"):
                todo.append((target, content.decode()))
    return files


def on_page_markdown(markdown, page, config, files):
    """Turn links to files of the repository into links of the site."""
    here = place(page.file.src_uri)

    def turn(match):
        target = resolve(here, match[1])
        if not target or target.startswith("docs/") and here.startswith("docs/"):
            return match[1]
        return posixpath.relpath(target.removeprefix("docs/"), posixpath.dirname(page.file.src_uri) or ".")

    return outside_fences(DIRECTIVE.sub("", markdown), lambda text: LINK.sub(turn, text))


def place(page):
    """Return where a page of the site lies in the repository."""
    return page if (ROOT / page).is_file() and not (ROOT / "docs" / page).is_file() else "docs/" + page


def targets(here, text):
    """Return the files of the repository that a text links to, but those of docs/."""
    found = []
    outside_fences(text, lambda part: found.extend(LINK.findall(part)) or part)
    paths = [resolve(here, link) for link in found]
    return [path for path in paths if path and not path.startswith("docs/")]


def resolve(here, link):
    """Return the path in the repository of a link, if there is a file; a folder is its README."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(here), link))
    if (ROOT / path).is_dir():
        path = posixpath.join(path, "README.md")
    return path if not path.startswith("..") and (ROOT / path).is_file() else None


def outside_fences(text, change):
    """Change a text, but not its blocks of code."""
    parts, at = [], 0
    for fence in FENCE.finditer(text):
        parts += [change(text[at : fence.start()]), fence[0]]
        at = fence.end()
    return "".join(parts) + change(text[at:])
