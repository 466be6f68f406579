using System.Text.Json;
using Orleans.Storage;

namespace Mesh.Storage;

/// <summary>States as UTF-8 JSON, which people can read in the file and which tolerates added properties in both directions.</summary>
/// <param name="options">How.</param>
public sealed class StateJsonSerializer(JsonSerializerOptions options) : IGrainStorageSerializer
{
    /// <inheritdoc/>
    public BinaryData Serialize<T>(T? input) => new(JsonSerializer.SerializeToUtf8Bytes(input, options));

    /// <inheritdoc/>
    public T? Deserialize<T>(BinaryData input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return JsonSerializer.Deserialize<T>(input.ToMemory().Span, options);
    }
}
