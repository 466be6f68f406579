using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Mesh.Api;
using Mesh.Cli.Client;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary>The tables of each kind of thing.</summary>
internal static class Rows
{
    public static T As<T>(JsonNode node, JsonTypeInfo<T> type)
    {
        try
        {
            return node.Deserialize(type) ?? throw new JsonException();
        }
        catch (JsonException)
        {
            throw new Failure(
                ExitCodes.Refused, $"the server sent a {typeof(T).Name} that this version of meshctl cannot read.",
                "Use a meshctl of the server's version, or -o json to see it as it came.");
        }
    }

    public static Table Services(IEnumerable<JsonNode> nodes)
    {
        var table = new Table("NAMESPACE", "NAME", "HEALTHY", "EJECTED", "DRAINING", "EXPIRED", "VERSION", "POLICY");
        foreach (var service in nodes.Select(node => As(node, MeshJson.Default.ServiceSummary)))
        {
            var tone = service.Endpoints == 0 ? Tone.Faint : service.Healthy == service.Endpoints ? Tone.Good : service.Healthy == 0 ? Tone.Bad : Tone.Warning;
            table.Add(
                service.Namespace, service.Name, new Cell($"{service.Healthy}/{service.Endpoints}", tone),
                Count(service.Ejected, Tone.Bad), Count(service.Draining, Tone.Warning), Count(service.Expired, Tone.Bad),
                service.Version, service.Policy);
        }

        return table;
    }

    public static Table Endpoints(IEnumerable<JsonNode> nodes, Session session)
    {
        string[] columns = session.Wide
            ? ["SERVICE", "ID", "ADDRESS", "STATUS", "WEIGHT", "UNTIL", "LEASE", "AGE", "LOCALITY", "LABELS", "INSTANCE", "REASON"]
            : ["SERVICE", "ID", "ADDRESS", "STATUS", "WEIGHT", "UNTIL", "REASON"];
        var table = new Table(columns);
        foreach (var endpoint in nodes.Select(node => As(node, MeshJson.Default.EndpointDetail)))
        {
            Cell service = $"{endpoint.Namespace}/{endpoint.Service}", status = new(endpoint.Status, Ansi.OfStatus(endpoint.Status));
            Cell until = Ages.Until(endpoint.EjectedUntil, session.Now);
            if (session.Wide)
            {
                // The lease and the age are known of a single endpoint only; a list is made of what the proxies get.
                table.Add(
                    service, endpoint.Id, Address(endpoint), status, Weight(endpoint), until, Ages.Until(endpoint.LeaseExpires, session.Now),
                    Ages.Since(endpoint.RegisteredAt, session.Now), Locality(endpoint.Locality), Labels(endpoint.Labels), endpoint.InstanceId,
                    endpoint.Reason);
            }
            else
            {
                table.Add(service, endpoint.Id, Address(endpoint), status, Weight(endpoint), until, endpoint.Reason);
            }
        }

        return table;
    }

    public static Table Policies(IEnumerable<JsonNode> nodes, Session session)
    {
        var table = new Table("KIND", "NAMESPACE", "NAME", "BOUND TO", "VERSION", "UPDATED", "REFUSED BY");
        foreach (var policy in nodes.Select(node => As(node, MeshJson.Default.PolicyView)))
        {
            var version = policy.Version.ToString(CultureInfo.InvariantCulture);
            table.Add(
                policy.Kind, policy.Namespace, policy.Name, policy.BoundTo, version, $"{Ages.Since(policy.UpdatedAt, session.Now)} ago",
                RefusalText.By(policy.Refusals ?? []));
        }

        return table;
    }

    public static string Address(EndpointDetail endpoint) =>
        endpoint.Address.Contains(':', StringComparison.Ordinal) ? $"[{endpoint.Address}]:{endpoint.Port}" : $"{endpoint.Address}:{endpoint.Port}";

    /// <summary>The weight as registered; the one in effect too, where it differs, as while probing.</summary>
    public static string Weight(EndpointDetail endpoint) =>
        Math.Abs(endpoint.EffectiveWeight - endpoint.Weight) < 0.005
            ? endpoint.Weight.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{endpoint.EffectiveWeight:0.##} of {endpoint.Weight}");

    public static string Locality(LocalityView? locality) =>
        locality is null ? "" : string.Join('/', locality.Region, locality.Zone, locality.SubZone).TrimEnd('/');

    public static string Labels(IReadOnlyDictionary<string, string> labels) =>
        string.Join(',', labels.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}"));

    private static Cell Count(int number, Tone tone) => new(number.ToString(CultureInfo.InvariantCulture), number > 0 ? tone : Tone.Faint);
}
