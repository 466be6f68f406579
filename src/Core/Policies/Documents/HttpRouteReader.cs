using System.Collections.Immutable;
using Mesh.Core.Routing;

namespace Mesh.Core.Policies.Documents;

/// <summary>Reads one rule of a VirtualService's <c>spec.http</c>: a name, and destinations with their weights.</summary>
internal static class HttpRouteReader
{
    private const int LongestName = 253;

    private static readonly FieldTable Fields = new(
        ["name", "route"],
        [
            "match", "redirect", "directResponse", "delegate", "rewrite", "timeout", "retries", "fault", "mirror", "mirrors", "mirrorPercent",
            "mirror_percent", "mirrorPercentage", "corsPolicy", "headers",
        ],
        []);

    private static readonly FieldTable Entry = new(["destination", "weight"], ["headers"], []);

    private static readonly FieldTable Destination = new(["host", "port"], ["subset"], []);

    public static ServiceRouting? Read(Node rule, string ns, ProblemList problems)
    {
        var fields = Fields.Read(rule, problems);
        var name = fields.TryGetValue("name", out var nameNode) ? ReadName(nameNode, problems) : null;
        return Envelope.Required(fields, "route", "Name the services that requests go to.", problems, rule.Path) is { } route
            ? new() { RuleName = name, Destinations = ReadRoute(route, ns, problems) }
            : null;
    }

    private static string? ReadName(Node node, ProblemList problems)
    {
        var name = node.Text(problems);
        if (name?.Length > LongestName)
        {
            problems.Add(node, $"The name has {name.Length} characters.", $"Write at most {LongestName}.");
        }

        return name;
    }

    private static ImmutableArray<RouteDestination> ReadRoute(Node route, string ns, ProblemList problems)
    {
        var entries = route.Items(problems);
        if (entries.Count > RouteDestination.Most || (entries.Count == 0 && route.Items() is not null))
        {
            problems.Add(route.Path, null, $"The list has {entries.Count} entries.", $"Name 1 to {RouteDestination.Most} destinations.");
            return [];
        }

        var read = ImmutableArray.CreateBuilder<RouteDestination>(entries.Count);
        var (sum, whole) = (0, entries.Count > 0);
        foreach (var entry in entries)
        {
            var fields = Entry.Read(entry, problems);
            var service = Envelope.Required(fields, "destination", "Name the service.", problems, entry.Path) is { } destination
                ? ReadDestination(destination, ns, problems)
                : null;
            var weight = ReadWeight(fields, entry, alone: entries.Count == 1, problems);
            (sum, whole) = (sum + (weight ?? 0), whole && weight is not null);
            if (service is not { } found)
            {
                continue;
            }

            if (read.Any(other => other.Service == found))
            {
                problems.Add(fields["destination"], "The service is there already, under this name or another.", "Keep one, with the sum of the weights.");
            }

            read.Add(new(found, weight ?? 0));
        }

        if (whole && sum == 0)
        {
            problems.Add(route.Path, null, "The weights are 0 together: requests would have nowhere to go.", "Give a destination a weight.");
        }

        return read.DrainToImmutable();
    }

    private static int? ReadWeight(IReadOnlyDictionary<string, Node> fields, Node entry, bool alone, ProblemList problems)
    {
        if (fields.TryGetValue("weight", out var node))
        {
            return node.Whole(0, RouteDestination.MostWeight, problems);
        }

        if (alone)
        {
            return 1;
        }

        // Istio takes it for 0, and the destination gets nothing: hardly what somebody meant who left it out.
        problems.Add(Node.Join(entry.Path, "weight"), null, "The field is missing; only a single destination needs no weight.", "Write its share, such as 10.");
        return null;
    }

    private static ServiceId? ReadDestination(Node node, string ns, ProblemList problems)
    {
        var fields = Destination.Read(node, problems);
        new FoundFields(fields, problems).Refuse(
            "port", "There is no port to choose: each endpoint has the one that it registered with.", "Leave it out.");
        return Envelope.Required(fields, "host", "Name the service.", problems, node.Path) is { } host ? DocumentReader.Host(host, ns, problems) : null;
    }
}
