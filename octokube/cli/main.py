"""The `octokube` command: loads each subcommand only when it is asked for."""

import importlib
import sys
from typing import Any

import click

import octokube
from octokube.runtime.errors import UserError

# Name → (module:attribute, help line, extra that brings what it imports). Loading on demand keeps `octokube get` quick
# and usable where only the client is installed.
COMMANDS = {
    "demo": ("octokube.cli.demo:demo", "Agent, hub and Web IDE in one process, on a simulated cluster.", "demo"),
    "up": ("octokube.cli.up:up", "Agent, hub and Web IDE in one process, on a real cluster.", "demo"),
    "get": ("octokube.cli.get:get", "Objects of a type, as the policy lets you see them; --watch follows them.", ""),
    "search": ("octokube.cli.search:search", "Objects by what names, labels, annotations and images say.", ""),
    "schema": ("octokube.cli.operate.reading:schema", "What the fields of a type are, as JSON Schema.", ""),
    "describe": ("octokube.cli.operate.reading:describe", "An object with its events, owners and what it owns.", ""),
    "logs": ("octokube.cli.operate.reading:logs", "Logs of a pod, a workload or a selection; -f follows them.", ""),
    "exec": ("octokube.cli.operate.terminal:exec_", "Run a command in a container.", ""),
    "attach": ("octokube.cli.operate.terminal:attach", "Connect to a container's main process.", ""),
    "cp": ("octokube.cli.operate.files:cp", "Copy files out of a container.", ""),
    "port-forward": ("octokube.cli.operate.forwarding:port_forward", "Local ports that lead to a pod's.", ""),
    "debug": ("octokube.cli.operate.terminal:debug", "A container of your own in a running pod.", ""),
    "create": ("octokube.cli.operate.editing:create", "Create the objects of a file.", ""),
    "edit": ("octokube.cli.operate.editing:edit", "Edit an object in your editor.", ""),
    "patch": ("octokube.cli.operate.editing:patch", "Change some fields of an object.", ""),
    "apply": ("octokube.cli.operate.writing:apply", "Server-side apply of a file, with a diff.", ""),
    "scale": ("octokube.cli.operate.writing:scale", "Set a workload's number of replicas.", ""),
    "restart": ("octokube.cli.operate.writing:restart", "Replace a workload's pods by a rollout.", ""),
    "rollback": ("octokube.cli.operate.writing:rollback", "Go back to a former revision of a workload.", ""),
    "rollout": ("octokube.cli.operate.reading:rollout", "How far a workload's rollout is.", ""),
    "delete": ("octokube.cli.operate.writing:delete", "Delete an object.", ""),
    "cordon": ("octokube.cli.operate.writing:cordon", "Keep new pods off a node, or let them on again.", ""),
    "uncordon": ("octokube.cli.operate.writing:uncordon", "Let new pods on a node again.", ""),
    "drain": ("octokube.cli.operate.writing:drain", "Empty a node.", ""),
    "reveal": ("octokube.cli.operate.reading:reveal", "Write one value of a Secret.", ""),
    "sessions": ("octokube.cli.sessions:sessions", "Recorded terminal sessions: listed, replayed, exported.", ""),
    "status": ("octokube.cli.status:status", "How the hub and its clusters are.", ""),
    "doctor": ("octokube.cli.doctor:doctor", "What keeps a hub from working, and what to do.", "hub"),
    "backup": ("octokube.cli.backup:backup", "Copy a hub's database into one file while the hub runs.", "hub"),
    "restore": ("octokube.cli.backup:restore", "Put a backup into an empty directory.", "hub"),
    "login": ("octokube.cli.login:login", "Sign in by confirming a code in a browser.", ""),
    "logout": ("octokube.cli.login:logout", "Revoke the token of octokube login.", ""),
    "token": ("octokube.cli.people:token", "Your own access tokens: made, listed, revoked.", ""),
    "people": ("octokube.cli.people:people", "Who has been here, and who is shut out.", ""),
    "service-account": ("octokube.cli.people:service_account", "Programs with a name and teams of their own.", ""),
    "agent": ("octokube.cli.agent:agent", "Agents of clusters: enrolled, listed, revoked.", ""),
    "gateway": ("octokube.cli.gateway:gateway", "Gateways: enrolled, listed, revoked.", ""),
    "policy": ("octokube.cli.policy:policy", "Check and question a policy directory.", "hub"),
    "audit": ("octokube.cli.audit:audit", "What was decided and by which row, verified and listed.", "hub"),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which a newcomer wants them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Imports one command. A missing package is told as one sentence."""
        if name not in COMMANDS:
            return None
        target, _, extra = COMMANDS[name]
        module, _, attribute = target.partition(":")
        try:
            command: click.Command = getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as error:
            if not extra or (error.name or "").startswith("octokube"):
                raise
            raise UserError(
                f"octokube {name} needs the package {error.name}, which is not installed; "
                f"run: pip install 'octokube[{extra}]'"
            ) from error
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the commands from the table, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text, _) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(octokube.__version__, prog_name="octokube")
def cli() -> None:
    """Live, personal, policy-scoped access to Kubernetes clusters."""


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits: 0 done, 1 not found or denied, 2 bad input, with one sentence each."""
    try:
        result: Any = cli.main(args=arguments, prog_name="octokube", standalone_mode=False)
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except BrokenPipeError:
        # The reader (head, less) has gone; Python would complain once more on closing standard output.
        sys.stderr.close()
        sys.exit(0)
    sys.exit(result if isinstance(result, int) else 0)


if __name__ == "__main__":
    main()
