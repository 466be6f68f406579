using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Mesh.Api;
using Mesh.Core;
using Mesh.Core.Health;
using Mesh.Core.Ledger;

namespace Mesh.Gateway.Rest.Move;

/// <summary>One line of an export; see <see cref="ExportFormat"/>. What is added to these shapes gets a new <see cref="ExportFormat.Version"/>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = ExportFormat.TypeProperty)]
[JsonDerivedType(typeof(HeaderLine), ExportFormat.Header)]
[JsonDerivedType(typeof(PolicyLine), ExportFormat.Policy)]
[JsonDerivedType(typeof(ServiceLine), ExportFormat.Service)]
[JsonDerivedType(typeof(EntryLine), ExportFormat.Entry)]
[JsonDerivedType(typeof(EndpointLine), ExportFormat.Endpoint)]
[JsonDerivedType(typeof(TrailerLine), ExportFormat.Trailer)]
internal abstract record MoveLine
{
    /// <summary>What it is called in answers.</summary>
    public abstract string Label();
}

/// <param name="Format"><see cref="ExportFormat.Version"/>.</param>
/// <param name="Product">The version of the control plane that wrote it.</param>
/// <param name="Cluster">The cluster's id.</param>
/// <param name="At">When it was begun.</param>
internal sealed record HeaderLine(int Format, string Product, string Cluster, DateTimeOffset At) : MoveLine
{
    public override string Label() => "";
}

/// <param name="Kind">Of document.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its ETag.</param>
/// <param name="UpdatedAt">When that version was stored.</param>
/// <param name="Document">As it was put: an object, or a text that holds the object where its author's line breaks are to be kept.</param>
internal sealed record PolicyLine(
    string Kind, string Namespace, string Name, long Version, DateTimeOffset UpdatedAt, JsonElement Document) : MoveLine
{
    public override string Label() => $"{Kind}/{Namespace}/{Name}";
}

/// <param name="Service">Which.</param>
/// <param name="LastEntry">The greatest number that its ledger ever gave.</param>
/// <param name="Weights">Factors of weights that follow the load, in percent by endpoint id, where they are not 100.</param>
internal sealed record ServiceLine(ServiceId Service, long LastEntry, ImmutableSortedDictionary<string, int>? Weights) : MoveLine
{
    public override string Label() => Service.ToString();
}

internal sealed record EntryLine(ServiceId Service, LedgerEntry Entry) : MoveLine
{
    public override string Label() => $"{Service}#{Entry.Number}";
}

internal sealed record EndpointLine(ServiceId Service, MovedEndpoint Endpoint) : MoveLine
{
    public override string Label() => $"{Service}/{Endpoint.Spec.Id}";
}

internal sealed record TrailerLine(long Policies, long Services, long Entries, long Endpoints, string Sha256) : MoveLine
{
    public override string Label() => "";
}

/// <summary>How lines are written and read. Reading is strict: what it does not know would be lost without a word.</summary>
/// <remarks>By reflection: what is compiled ahead takes a property that a line leaves out for null, and not for what its record says.</remarks>
internal static class MoveJson
{
    public static JsonSerializerOptions Lines { get; } = new(JsonSerializerDefaults.Web)
    {
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        AllowDuplicateProperties = false,
        PropertyNameCaseInsensitive = false,
        NumberHandling = JsonNumberHandling.Strict,
    };
}
