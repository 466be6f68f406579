using System.Text.Json;
using System.Text.Json.Serialization;
using Mesh.Api;

namespace Mesh.Cli.Client;

/// <summary>What meshctl reads and writes as JSON, compiled ahead so that no start pays for reflection.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ServiceSummary))]
[JsonSerializable(typeof(ServiceDetail))]
[JsonSerializable(typeof(EndpointDetail))]
[JsonSerializable(typeof(EndpointPut))]
[JsonSerializable(typeof(EjectPost))]
[JsonSerializable(typeof(HeartbeatPost))]
[JsonSerializable(typeof(PolicyView))]
[JsonSerializable(typeof(ProxyView))]
[JsonSerializable(typeof(ProxyResourceView))]
[JsonSerializable(typeof(MeshEvent))]
[JsonSerializable(typeof(ExplanationView))]
[JsonSerializable(typeof(ReplayView))]
[JsonSerializable(typeof(ImportView))]
[JsonSerializable(typeof(StatusView))]
[JsonSerializable(typeof(ProblemBody))]
internal sealed partial class MeshJson : JsonSerializerContext;
