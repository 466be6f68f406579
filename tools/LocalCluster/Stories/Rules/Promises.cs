using System.Globalization;
using Mesh.Api;
using Mesh.Local.Stories.Stage;

namespace Mesh.Local.Stories.Rules;

/// <summary>A writer's service, as a gateway shows it in the end.</summary>
/// <param name="Endpoints">All of them.</param>
/// <param name="Document">Its DestinationRule's version; 0 for none.</param>
/// <param name="Decisions">Ejections and restorations in the ledger.</param>
internal sealed record Found(IReadOnlyList<EndpointDetail> Endpoints, long Document, int Decisions);

/// <summary>What was acknowledged, held against what is there: nothing lost, nothing done twice.</summary>
internal static class Promises
{
    private const int Countable = 900;

    public static IEnumerable<string> Broken(Promised promised, Found found)
    {
        var there = found.Endpoints.ToDictionary(endpoint => endpoint.Id);
        foreach (var (id, (weight, ejected)) in promised.Endpoints)
        {
            if (!there.TryGetValue(id, out var endpoint))
            {
                yield return $"{promised.Service}/{id} was registered, and is not there.";
                continue;
            }

            if (endpoint.Weight != weight)
            {
                yield return $"{promised.Service}/{id} was registered with weight {weight}, and has {endpoint.Weight}.";
            }

            if (endpoint.Status == "Ejected" != ejected)
            {
                yield return $"{promised.Service}/{id} was {(ejected ? "ejected" : "restored")}, and is {endpoint.Status}.";
            }
        }

        foreach (var id in there.Keys.Except(promised.Endpoints.Keys).Order(StringComparer.Ordinal))
        {
            yield return $"{promised.Service}/{id} was removed, and is there.";
        }

        if (found.Document != promised.Documents)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{promised.Service} had {promised.Documents} distinct documents, and is at version {found.Document}.");
        }

        // A ledger keeps the last 1,024 entries or so; what is older cannot be counted any more.
        if (found.Decisions != promised.Decisions && promised.Decisions < Countable)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{promised.Service} had {promised.Decisions} decisions by hand, and the ledger has {found.Decisions}.");
        }
    }
}
