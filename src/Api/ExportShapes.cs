using System.Security.Cryptography;

namespace Mesh.Api;

/// <summary>
/// The file in which a mesh moves house: JSON Lines, sorted, so that <c>grep</c>, <c>jq</c> and <c>diff</c> work on it and nobody has to hold it in memory.
/// <code>
/// {"type":"header",...}      once: format, who wrote it, when
/// {"type":"policy",...}      by kind/namespace/name
/// {"type":"service",...}     by namespace, then name; after each its own
///   {"type":"entry",...}       of its ledger, by number
///   {"type":"endpoint",...}    by id
/// {"type":"trailer",...}     once: how many there are of each, and a checksum of all lines between it and the header
/// </code>
/// </summary>
public static class ExportFormat
{
    /// <summary>Which format this is. A reader refuses greater ones.</summary>
    public const int Version = 1;

    /// <summary>As what it is sent.</summary>
    public const string MediaType = "application/x-ndjson";

    /// <summary>Bytes of one line at most. The longest there are hold a document.</summary>
    public const int MostLineBytes = 4 * 1024 * 1024;

    /// <summary>The first property of each line.</summary>
    public const string TypeProperty = "type";

    /// <summary>The first line.</summary>
    public const string Header = "header";

    /// <summary>A document.</summary>
    public const string Policy = "policy";

    /// <summary>A service; its ledger and its endpoints follow.</summary>
    public const string Service = "service";

    /// <summary>An entry of a service's ledger.</summary>
    public const string Entry = "entry";

    /// <summary>An endpoint.</summary>
    public const string Endpoint = "endpoint";

    /// <summary>The last line.</summary>
    public const string Trailer = "trailer";
}

/// <summary>The checksum of an export: SHA-256 over the lines between header and trailer, each with its line feed.</summary>
public sealed class ExportDigest : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Takes a line without its line feed.</summary>
    public void Add(ReadOnlySpan<byte> line)
    {
        _hash.AppendData(line);
        _hash.AppendData("\n"u8);
    }

    /// <summary>The checksum so far, in hexadecimal.</summary>
    public string Current() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();
}

/// <summary>What became of an import.</summary>
/// <param name="Complete">Everything that the file holds is here now, but for what was skipped as asked; in a dry run: would be.</param>
/// <param name="DryRun">Nothing was written.</param>
/// <param name="Done">What was done, for each type of line.</param>
/// <param name="Lines">The lines that were refused or skipped: the first 1,000.</param>
/// <param name="LinesTotal">How many there are of those in all.</param>
public sealed record ImportView(bool Complete, bool DryRun, IReadOnlyList<ImportCount> Done, IReadOnlyList<ImportLineView> Lines, int LinesTotal);

/// <summary>What was done with the lines of one type.</summary>
/// <param name="Type">As in the file: policy, service, entry, endpoint.</param>
/// <param name="Written">On disk now.</param>
/// <param name="Equal">Here already, as they are.</param>
/// <param name="Skipped">Another is here and stays, as asked.</param>
/// <param name="Refused">Not taken.</param>
public sealed record ImportCount(string Type, int Written, int Equal, int Skipped, int Refused);

/// <summary>A line that was not taken, and why.</summary>
/// <param name="Line">Its number, from 1.</param>
/// <param name="Type">As in the file; empty when it cannot be read.</param>
/// <param name="Name">Of what; empty when it cannot be read.</param>
/// <param name="Result">Refused or Skipped.</param>
/// <param name="Problems">Why.</param>
public sealed record ImportLineView(long Line, string Type, string Name, string Result, IReadOnlyList<MeshProblemItem> Problems);
