"""How static files are stored in production: compressed, each under a name of its content."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

_IMPORT = (r"""(?P<matched>from "(?P<url>\./[^"]+)")""", 'from "%(url)s"')


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Also renames what a script of ours imports: no browser mixes old scripts with new ones.

    Django can do so for every script, but a package's own may import what it does not ship.
    """

    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", (_IMPORT,)))
