using System.Globalization;
using System.Text.Json.Nodes;
using Mesh.Api;
using Mesh.Cli.Client;
using Mesh.Cli.Output;

namespace Mesh.Cli.Commands;

/// <summary>Those parts of a policy that <c>describe service</c> shows only where they are used.</summary>
internal static class DescribePolicy
{
    /// <summary>Where requests for the service go, if not to itself; nothing where no document says.</summary>
    public static void Routing(Fields fields, RoutingView? routing)
    {
        if (routing is null)
        {
            return;
        }

        fields.Add("Routing", routing.Source);
        var shares = routing.Destinations.Where(static to => to.Weight > 0).Select(static to => string.Create(
            CultureInfo.InvariantCulture, $"{to.SharePercent}% to {to.Service}{(to.Exists ? "" : " (there is no such service)")}"));
        fields.Add("Requests go", new Cell(string.Join(", ", shares), routing.Destinations.Any(static to => to is { Weight: > 0, Exists: false }) ? Tone.Warning : Tone.Plain));
    }

    public static void Extras(Fields fields, TrafficPolicyView policy)
    {
        if (policy.HealthCheck is { } check)
        {
            var what = check.Protocol switch { "Http" => $"HTTP GET {check.Path}", "Grpc" => $"gRPC {check.GrpcServiceName}".TrimEnd(), var other => other.ToUpperInvariant() };
            fields.Add("Health check", $"{what} every {check.Interval} ({check.NoTrafficInterval} without traffic), {check.UnhealthyThreshold} failed eject, {check.HealthyThreshold} passed end it");
        }

        if (policy.Warmup is { } warmup)
        {
            fields.Add("Warm-up", string.Create(CultureInfo.InvariantCulture, $"{warmup.Duration} from {warmup.MinimumPercent}%, aggression {warmup.Aggression / 100.0}"));
        }

        if (policy.AdaptiveWeights is { } adaptive)
        {
            fields.Add("Adaptive weights", $"{adaptive.MinimumPercent}% to {adaptive.MaximumPercent}%, at most {adaptive.MaximumStepPercent}% every {adaptive.Interval}");
        }
    }

    /// <summary>Where endpoints run, and how much of its own clients' load each place can keep; nothing where localities make no difference.</summary>
    public static void WriteLocalities(Session session, TrafficPolicyView policy, IEnumerable<JsonNode> endpoints)
    {
        if (policy.LocalityLbSetting is not { } setting)
        {
            return;
        }

        session.Terminal.Out.WriteLine($"\nLocalities: {Meaning(setting)}");
        foreach (var rule in setting.Distribute)
        {
            session.Terminal.Out.WriteLine(
                $"  from {Plain.Text(rule.From)}: {string.Join(", ", rule.To.OrderByDescending(to => to.Value).ThenBy(to => to.Key, StringComparer.Ordinal).Select(to => $"{to.Value}% to {Plain.Text(to.Key)}"))}");
        }

        var table = new Table("LOCALITY", "HEALTHY", "KEEPS");
        var places = endpoints.Select(node => Rows.As(node, MeshJson.Default.EndpointDetail))
            .Where(endpoint => endpoint.Status is not ("Draining" or "Expired"))
            .GroupBy(endpoint => Rows.Locality(endpoint.Locality))
            .OrderBy(place => place.Key.Length == 0)
            .ThenBy(place => place.Key, StringComparer.Ordinal);
        foreach (var place in places)
        {
            var (all, left) = (place.Count(), place.Count(endpoint => endpoint.Status != "Ejected"));
            // The overprovisioning factor that clients are sent: a place keeps all down to about 72 % healthy.
            var keeps = Math.Min(100, 140 * left / all);
            table.Add(place.Key.Length == 0 ? "unknown" : place.Key, $"{left}/{all}", new Cell($"{keeps}%", keeps == 100 ? Tone.Good : keeps == 0 ? Tone.Bad : Tone.Warning));
        }

        table.WriteTo(session.Terminal, "  ");
    }

    private static string Meaning(LocalityLbSettingView setting)
    {
        if (setting.Distribute.Count > 0)
        {
            return "fixed shares";
        }

        return setting switch
        {
            { FailoverPriority.Count: > 0 } => $"first who shares {Plain.Text(string.Join(", then ", setting.FailoverPriority))}",
            { Failover.Count: > 0 } => $"nearest first; {string.Join(", ", setting.Failover.Select(f => $"{Plain.Text(f.From)} fails over to {Plain.Text(f.To)}"))}",
            _ => "nearest first",
        };
    }
}
