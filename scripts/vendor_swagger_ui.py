"""Unpack the API page's assets from `npm pack swagger-ui-dist@5` and write down what they are.

    python scripts/vendor_swagger_ui.py swagger-ui-dist-5.x.y.tgz

Only the files the page loads are kept, with their licences; tests/api/test_docs_page.py compares the hashes.
"""

from __future__ import annotations

import json
import sys
import tarfile
from hashlib import sha256
from pathlib import Path

TARGET = Path(__file__).parent.parent / "app/api/static/swagger"
FILES = (
    "swagger-ui-bundle.js",
    "swagger-ui-bundle.js.LICENSE.txt",
    "swagger-ui.css",
    "favicon-32x32.png",
    "LICENSE",
    "NOTICE",
)


def main(archive: str) -> None:
    """Replace the vendored files by those of one release."""
    with tarfile.open(archive) as package:
        contents = {name: package.extractfile(f"package/{name}").read() for name in FILES}
        about = json.load(package.extractfile("package/package.json"))
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (TARGET / name).write_bytes(content)
    manifest = {
        "name": about["name"],
        "version": about["version"],
        "licence": about["license"],
        "sha256": {name: sha256(content).hexdigest() for name, content in contents.items()},
    }
    (TARGET / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(f"{about['name']} {about['version']}: {len(contents)} files")


if __name__ == "__main__":
    main(sys.argv[1])
