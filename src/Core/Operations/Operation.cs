using System.Text.Json.Serialization;

namespace Mesh.Core.Operations;

/// <summary>One command that was done, as the owner of what it changed remembers it.</summary>
/// <param name="Id">The command's <see cref="Command.Id"/>.</param>
/// <param name="Print">The command's <see cref="Command.Print"/>.</param>
/// <param name="At">When it was done.</param>
public sealed record Operation<TAnswer>(string Id, string Print, DateTimeOffset At)
    where TAnswer : class
{
    /// <summary>Whether it made what it changed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Created { get; init; }

    /// <summary>What it led to. Null while that is what is stored beside this memory: nobody has changed it since.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TAnswer? Answer { get; init; }
}
