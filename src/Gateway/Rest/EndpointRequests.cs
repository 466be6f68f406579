using System.Collections.Immutable;
using System.Text.Json;
using Mesh.Contracts;
using Mesh.Core;
using Mesh.Core.Snapshots;
using Mesh.Gateway.Rest.Documents;
using Microsoft.AspNetCore.Http;

namespace Mesh.Gateway.Rest;

/// <summary>Reads the bodies about endpoints.</summary>
internal static class EndpointRequests
{
    private const int MaxLabels = 64;
    private const int MaxLabelLength = 256;

    public static async Task<(EndpointRegistration? Registration, IResult? Refusal)> Registration(HttpContext http, string id, RestLimits limits)
    {
        var (element, refusal) = await Read(http, limits.EndpointBytes, limits);
        if (refusal is not null || element is not { } body)
        {
            return (null, refusal ?? Answers.Refused(
                ProblemKind.Invalid, "body", null, "There is no body.", """Send the endpoint, such as {"address":"10.0.0.1","port":8080}."""));
        }

        var problems = new List<Problem>();
        var fields = new JsonFields(body, problems);
        var address = Address(fields);
        var port = fields.Number("port", 1, 65535);
        if (port is null && problems.TrueForAll(static p => p.Field != "port"))
        {
            fields.Refuse("port", null, "The port is missing.", "Give a port, 1 to 65535.");
        }

        var registration = new EndpointRegistration
        {
            Id = id,
            Address = address ?? "",
            Port = port ?? 0,
            Weight = fields.Number("weight", 1, 1000) ?? 1,
            InstanceId = InstanceId(fields),
            Lease = fields.Duration("lease", TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
            Locality = Locality(fields.Object("locality")),
            Labels = Labels(fields),
        };
        fields.NothingElse();
        return problems.Count == 0 ? (registration, null) : (null, Answers.Refused(problems));
    }

    public static async Task<(string? InstanceId, IResult? Refusal)> Heartbeat(HttpContext http, RestLimits limits)
    {
        var (element, refusal) = await Read(http, limits.SmallBodyBytes, limits);
        if (refusal is not null || element is not { } body)
        {
            return (null, refusal);
        }

        var problems = new List<Problem>();
        var fields = new JsonFields(body, problems);
        var instance = InstanceId(fields);
        fields.NothingElse();
        return problems.Count == 0 ? (instance, null) : (null, Answers.Refused(problems));
    }

    public static async Task<(TimeSpan? Duration, string? Reason, IResult? Refusal)> Ejection(HttpContext http, RestLimits limits)
    {
        var (element, refusal) = await Read(http, limits.SmallBodyBytes, limits);
        if (refusal is not null || element is not { } body)
        {
            return (null, null, refusal);
        }

        var problems = new List<Problem>();
        var fields = new JsonFields(body, problems);
        var duration = fields.Duration("duration", TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1));
        var reason = fields.Text("reason", 200);
        if (reason?.Any(char.IsControl) == true)
        {
            fields.Refuse(
                "reason", JsonSerializer.SerializeToElement(reason, RestJson.Written.String), "There is a control character or a line break in it.",
                "Write one line of printable text.");
        }

        fields.NothingElse();
        return problems.Count == 0 ? (duration, reason, null) : (null, null, Answers.Refused(problems));
    }

    /// <summary>Null without a refusal when there is no body at all.</summary>
    private static async Task<(JsonElement? Body, IResult? Refusal)> Read(HttpContext http, int limit, RestLimits limits)
    {
        var (bytes, refusal) = await Bodies.Read(http, limit);
        if (refusal is not null || bytes.IsEmpty)
        {
            return (null, refusal);
        }

        if (DocumentBody.Format(http.Request.ContentType) is not (BodyFormat.Json or BodyFormat.Look))
        {
            return (null, Answers.Refused(
                StatusCodes.Status415UnsupportedMediaType, "Unsupported media type", "The body's Content-Type is not JSON's.",
                "Send application/json.", "Content-Type", http.Request.ContentType));
        }

        var parsed = JsonBody.Parse(bytes, limits);
        return parsed.Ok ? (parsed.Value, null) : (null, Answers.Refused(parsed.Problems));
    }

    private static string? Address(JsonFields fields)
    {
        var text = fields.Text("address");
        if (text is not null && EndpointAddress.Canonical(text) is { } address)
        {
            if (EndpointAddress.IsNobody(address))
            {
                fields.Refuse(
                    "address", JsonSerializer.SerializeToElement(text, RestJson.Written.String),
                    "Nobody can connect to this address.", EndpointAddress.NobodyRemedy);
            }

            return address;
        }

        fields.Refuse(
            "address", text is null ? null : JsonSerializer.SerializeToElement(text, RestJson.Written.String),
            text is null ? "The address is missing." : "The address is not an IP address.",
            EndpointAddress.Remedy);
        return null;
    }

    private static string? InstanceId(JsonFields fields)
    {
        var text = fields.Text("instanceId", 128);
        if (text is { Length: 0 } || text?.Any(char.IsControl) == true)
        {
            fields.Refuse("instanceId", null, "This cannot be an instance's id.", "Use 1 to 128 printable characters, or leave it out.");
        }

        return text;
    }

    private static Locality Locality(JsonFields? fields)
    {
        if (fields is null)
        {
            return Core.Locality.Unknown;
        }

        var locality = new Locality(fields.Text("region") ?? "", fields.Text("zone") ?? "", fields.Text("subZone") ?? "");
        fields.NothingElse();
        return locality;
    }

    private static ImmutableSortedDictionary<string, string> Labels(JsonFields fields)
    {
        if (fields.Object("labels") is not { } labels)
        {
            return ImmutableSortedDictionary<string, string>.Empty;
        }

        var result = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var (name, _) in labels.All())
        {
            if (name.Length is 0 or > MaxLabelLength)
            {
                labels.Refuse(name, null, "This cannot be a label's name.", $"Use 1 to {MaxLabelLength} characters.");
            }
            else if (labels.Text(name, MaxLabelLength) is { } value)
            {
                result[name] = value;
            }
        }

        if (result.Count > MaxLabels)
        {
            fields.Refuse("labels", null, $"There are more than {MaxLabels} labels.", "Leave some out.");
        }

        return result.ToImmutable();
    }
}
