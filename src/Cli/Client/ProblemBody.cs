namespace Mesh.Cli.Client;

/// <summary>An RFC 9457 problem, as far as meshctl shows it.</summary>
internal sealed record ProblemBody(string? Title, string? Detail, int? Status, IReadOnlyList<ProblemItem>? Problems);

/// <summary>One refused field of it.</summary>
internal sealed record ProblemItem(string? Field, string? Value, string? Detail, string? Remedy);
