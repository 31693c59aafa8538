"""How assets are named where the portal is deployed."""

from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]


class HashedModules(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Names hold a digest of the content, also those by which one script module imports another."""

    support_js_module_import_aggregation = True
