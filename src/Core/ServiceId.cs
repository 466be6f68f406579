using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mesh.Core;

/// <summary>Names one service of the mesh, and is the key of its grain, the name of its cluster and of its EDS resource.</summary>
/// <param name="Namespace">A DNS label, at most 63 characters; <c>default</c> when a caller names none.</param>
/// <param name="Name">A DNS subdomain, at most 253 characters; it may hold dots, as in <c>greeter.example</c>.</param>
[JsonConverter(typeof(ServiceIdJsonConverter))]
public readonly record struct ServiceId(string Namespace, string Name) : IComparable<ServiceId>
{
    /// <summary>The namespace of a service whose caller names none.</summary>
    public const string DefaultNamespace = "default";

    /// <summary>Reads <c>namespace/name</c>.</summary>
    /// <exception cref="FormatException">The text is not of that form.</exception>
    public static ServiceId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not a service id; write namespace/name.");

    /// <summary>Reads <c>namespace/name</c>; false when the text is not of that form or breaks the naming rules.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ServiceId id)
    {
        id = default;
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        if (slash <= 0)
        {
            return false;
        }

        id = new ServiceId(text![..slash], text[(slash + 1)..]);
        return Names.IsLabel(id.Namespace) && Names.IsSubdomain(id.Name);
    }

    /// <inheritdoc/>
    public int CompareTo(ServiceId other)
    {
        var byNamespace = string.CompareOrdinal(Namespace, other.Namespace);
        return byNamespace != 0 ? byNamespace : string.CompareOrdinal(Name, other.Name);
    }

    /// <summary><c>namespace/name</c>.</summary>
    public override string ToString() => $"{Namespace}/{Name}";

    /// <summary>Ordinal order: by namespace, then by name.</summary>
    public static bool operator <(ServiceId left, ServiceId right) => left.CompareTo(right) < 0;

    /// <summary>Ordinal order: by namespace, then by name.</summary>
    public static bool operator >(ServiceId left, ServiceId right) => left.CompareTo(right) > 0;

    /// <summary>Ordinal order: by namespace, then by name.</summary>
    public static bool operator <=(ServiceId left, ServiceId right) => left.CompareTo(right) <= 0;

    /// <summary>Ordinal order: by namespace, then by name.</summary>
    public static bool operator >=(ServiceId left, ServiceId right) => left.CompareTo(right) >= 0;
}

/// <summary>Writes a <see cref="ServiceId"/> as its text.</summary>
public sealed class ServiceIdJsonConverter : JsonConverter<ServiceId>
{
    /// <inheritdoc/>
    public override ServiceId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        ServiceId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("A service id is written namespace/name.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, ServiceId value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
