"""The ``segmentation`` command: one subcommand a task, each in the module that does the work."""

from __future__ import annotations

import importlib

import click

_COMMANDS = {
    "dictionary": "segmentation.dictionary.cli:dictionary",
    "doctor": "segmentation.doctor.cli:doctor_command",
    "forget": "segmentation.forget.cli:forget_command",
    "lineage": "segmentation.lineage:lineage_command",
    "personas": "segmentation.personas:personas_command",
    "publish": "segmentation.publish.cli:publish_command",
    "report": "segmentation.report.cli:report_command",
    "restore-history": "segmentation.history:restore_history_command",
    "review-sheet": "segmentation.review.cli:review_sheet_command",
    "sample": "segmentation.sample.generate:sample_command",
    "summary": "segmentation.summary:summary_command",
    "workbook": "segmentation.workbook.cli:workbook_command",
}


class _LazyGroup(click.Group):
    """Import a subcommand only when it is asked for, so that ``--help`` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module_name, attribute = _COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module_name), attribute)
        return command


@click.group(cls=_LazyGroup)
def main() -> None:
    """Tools around the customer-segmentation dbt project."""
