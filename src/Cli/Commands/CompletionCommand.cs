using System.CommandLine;

namespace Mesh.Cli.Commands;

/// <summary><c>meshctl completion</c>: a script for the shell, which asks meshctl itself (<c>[suggest]</c>) what may come next.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # source <(meshctl completion bash)
        _meshctl() {
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _meshctl meshctl
        """;

    private const string Zsh = """
        # source <(meshctl completion zsh)
        _meshctl() {
            local -a found
            found=("${(@f)$(${words[1]} "[suggest:${#BUFFER}]" "$BUFFER" 2>/dev/null)}")
            compadd -a found
        }
        compdef _meshctl meshctl
        """;

    private const string Fish = """
        # meshctl completion fish | source
        complete -c meshctl -f -a '(meshctl "[suggest:"(commandline -C)"]" (commandline) 2>/dev/null)'
        """;

    public static Command Create(Terminal terminal)
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion", "Print a completion script for a shell") { shell };
        command.SetAction(parsed =>
        {
            terminal.Out.WriteLine(parsed.GetValue(shell) switch { "bash" => Bash, "zsh" => Zsh, _ => Fish });
            return ExitCodes.Ok;
        });
        return command;
    }
}
