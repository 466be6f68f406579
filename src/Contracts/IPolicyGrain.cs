using System.Text.Json.Serialization;
using Mesh.Core;
using Orleans;

namespace Mesh.Contracts;

/// <summary>Names one policy document.</summary>
/// <param name="Kind">As in the document, such as <c>DestinationRule</c>.</param>
/// <param name="Namespace">A DNS label.</param>
/// <param name="Name">A DNS subdomain.</param>
public sealed record PolicyKey(string Kind, string Namespace, string Name)
{
    /// <summary>The grain's key: <c>kind/namespace/name</c>.</summary>
    public override string ToString() => $"{Kind}/{Namespace}/{Name}";

    /// <summary>Reads the grain's key.</summary>
    public static PolicyKey Parse(string text) =>
        text.Split('/') is [var kind, var ns, var name] ? new(kind, ns, name) : throw new FormatException($"'{text}' is not kind/namespace/name.");
}

/// <summary>One validated document; its key is <see cref="PolicyKey"/>'s text.</summary>
[Alias("mesh.IPolicyGrain")]
public interface IPolicyGrain : IGrainWithStringKey
{
    /// <summary>The document; null when there is none.</summary>
    [Alias("Get")]
    Task<PolicyDocument?> Get();

    /// <summary>Compiles, binds and stores a document. What runs stays as it is when it is refused.</summary>
    /// <param name="json">The document as JSON.</param>
    /// <param name="ifMatch">The version that must be the current one: 0 for "must not exist"; null for any.</param>
    /// <param name="dryRun">Only say what would happen.</param>
    /// <param name="operation">The id of this command, as in <see cref="IServiceGrain"/>; null for none.</param>
    [Alias("Put")]
    Task<Outcome<PolicyDocument>> Put(string json, long? ifMatch, bool dryRun, string? operation = null);

    /// <summary>Removes the document and takes its policy out of force; answers with what was removed.</summary>
    /// <param name="ifMatch">The version that must be the current one; null for any.</param>
    /// <param name="operation">The id of this command, as in <see cref="IServiceGrain"/>; null for none.</param>
    [Alias("Delete")]
    Task<Outcome<PolicyDocument>> Delete(long? ifMatch, string? operation = null);
}

/// <summary>A stored document.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Version">1 for the first; one more for each change. It is the ETag.</param>
/// <param name="Json">The document as it was put, as JSON.</param>
/// <param name="BoundTo">Which service it binds to.</param>
/// <param name="UpdatedAt">When this version was stored.</param>
public sealed record PolicyDocument(PolicyKey Key, long Version, string Json, ServiceId BoundTo, DateTimeOffset UpdatedAt)
{
    /// <summary>Whether the put that answered with this changed anything.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Changed { get; init; }

    /// <summary>Whether there was no document before the put that answered with this.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Created { get; init; }
}
