using Mesh.Cli.Client;

namespace Mesh.Cli;

/// <summary>Ends a command: an exit code, what went wrong, and what to do about it.</summary>
internal sealed class Failure(int exitCode, string message, string? remedy = null, IReadOnlyList<ProblemItem>? problems = null)
    : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    public string? Remedy { get; } = remedy;

    public IReadOnlyList<ProblemItem> Problems { get; } = problems ?? [];

    /// <summary>The command line asks for something that cannot be.</summary>
    public static Failure Usage(string message, string? remedy = null) => new(ExitCodes.Usage, message, remedy);

    /// <summary>Writes it as people read it: what, then each field with its reason, then what to do.</summary>
    public void WriteTo(TextWriter error, string prefix = "meshctl: ")
    {
        error.WriteLine($"{prefix}{Output.Plain.Text(Message)}");
        foreach (var problem in Problems)
        {
            WriteProblem(error, problem);
        }

        if (!string.IsNullOrEmpty(Remedy))
        {
            error.WriteLine($"  {Output.Plain.Text(Remedy)}");
        }
    }

    private static void WriteProblem(TextWriter error, ProblemItem problem)
    {
        var field = string.IsNullOrEmpty(problem.Field) ? "" : Output.Plain.Text(problem.Field);
        var value = string.IsNullOrEmpty(problem.Value) ? "" : $" = {Output.Plain.Text(problem.Value)}";
        if (field.Length + value.Length > 0)
        {
            error.WriteLine($"  {field}{value}");
            error.WriteLine($"    {Output.Plain.Text(problem.Detail ?? "")}");
        }
        else
        {
            error.WriteLine($"  {Output.Plain.Text(problem.Detail ?? "")}");
        }

        if (!string.IsNullOrEmpty(problem.Remedy))
        {
            error.WriteLine($"    {Output.Plain.Text(problem.Remedy)}");
        }
    }
}
