using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Mesh.Core.Operations;

/// <summary>
/// What a caller wants done once, however often it has to say so: the id that it gave the command, and a print of what the command says.
/// The print tells a repeat from another command that was given the same id by mistake.
/// </summary>
/// <param name="Id">See <see cref="IsId"/>.</param>
/// <param name="Print">The same for the same command with the same arguments, in every process and version.</param>
public sealed record Command(string Id, string Print)
{
    /// <summary>Characters of an operation id at most.</summary>
    public const int LongestId = 128;

    /// <summary>The command under this operation id; null when the caller gave none, and each call is a command of its own.</summary>
    /// <param name="operation">The caller's id.</param>
    /// <param name="name">What is to be done.</param>
    /// <param name="arguments">With what.</param>
    public static Command? Of(string? operation, string name, params IEnumerable<object?> arguments)
    {
        if (operation is null)
        {
            return null;
        }

        // Each part with its length in front, so that no two lists of arguments run into the same text.
        var text = new StringBuilder();
        foreach (var part in arguments.Prepend(name).Select(static one => one is null ? null : Convert.ToString(one, CultureInfo.InvariantCulture)))
        {
            text.Append(CultureInfo.InvariantCulture, $"{part?.Length ?? -1}:{part};");
        }

        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
        return new(operation, BinaryPrimitives.ReadUInt64BigEndian(hash).ToString("x16", CultureInfo.InvariantCulture));
    }

    /// <summary>Whether this can be an operation id: 1 to <see cref="LongestId"/> visible ASCII characters.</summary>
    public static bool IsId(string operation) => operation.Length is > 0 and <= LongestId && operation.All(static c => c is > ' ' and <= '~');

    /// <summary>Null when the id is one, or none is given.</summary>
    public static Problem? Check(string? operation, string field) => operation is null || IsId(operation) ? null : new(
        ProblemKind.Invalid, field, operation.Length > 200 ? operation[..200] : operation,
        $"An operation id is 1 to {LongestId} visible ASCII characters.", "Use a UUID, one for each command, and the same when you repeat it.");
}
