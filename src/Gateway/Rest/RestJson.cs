using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Mesh.Api;

namespace Mesh.Gateway.Rest;

/// <summary>How the shapes of the API are written, compiled ahead.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Page<ServiceSummary>))]
[JsonSerializable(typeof(Page<EndpointDetail>))]
[JsonSerializable(typeof(Page<PolicyView>))]
[JsonSerializable(typeof(Page<ProxyView>))]
[JsonSerializable(typeof(Page<ProxyResourceView>))]
[JsonSerializable(typeof(ServiceDetail))]
[JsonSerializable(typeof(EndpointPut))]
[JsonSerializable(typeof(HeartbeatPost))]
[JsonSerializable(typeof(EjectPost))]
[JsonSerializable(typeof(MeshEvent))]
[JsonSerializable(typeof(LedgerView))]
[JsonSerializable(typeof(ExplanationView))]
[JsonSerializable(typeof(ReplayView))]
[JsonSerializable(typeof(MeshProblem))]
[JsonSerializable(typeof(ReadinessView))]
[JsonSerializable(typeof(LimitsView))]
[JsonSerializable(typeof(ImportView))]
[JsonSerializable(typeof(StatusView))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class RestJson : JsonSerializerContext
{
    /// <summary>For answers: quotes and other plain characters stay readable, which is safe where nobody pastes JSON into HTML.</summary>
    public static RestJson Written { get; } = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    });
}
