"""Which class stands behind a stage's name.

A stage of your own needs no line here: give it `python` or `command` in the settings.
"""

from importlib import import_module

from quarterhour.errors import SettingsError
from quarterhour.settings import StageSettings
from quarterhour.stages.base import Stage
from quarterhour.stages.command import CommandStage

_BUILT_IN = {
    "translator": "quarterhour.stages.translator.service:TranslatorService",
    "analyzer": "quarterhour.stages.analyzer:AnalyzerService",
    "merger": "quarterhour.stages.merger:MergerService",
    "exporter": "quarterhour.stages.exporter:ExporterService",
}


def make_stage(settings: StageSettings) -> Stage:
    """Raises SettingsError where the class cannot be found or is no Stage."""
    if settings.command is not None:
        return CommandStage(settings.name, settings.command)
    path = settings.python or _BUILT_IN[settings.name]
    module_name, _, class_name = path.partition(":")
    try:
        made = getattr(import_module(module_name), class_name)()
    except (ImportError, AttributeError, TypeError) as error:
        raise SettingsError(
            f"stage {settings.name!r}: {path!r} cannot be used ({error}): give 'module:Class'"
        ) from error
    if not isinstance(made, Stage):
        raise SettingsError(f"stage {settings.name!r}: {path!r} has no run(context)")
    made.name = settings.name
    return made
